"""``tocsin completion``: what makes a shell complete tocsin's commands, options and ids."""

from __future__ import annotations

from typing import Final

import click
from click.shell_completion import get_completion_class

__all__ = ["completion"]

SHELLS: Final = ("bash", "zsh", "fish")


@click.command(short_help="Print what makes a shell complete.")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script by which a shell completes tocsin's commands, options and IDs.

    IDs of alerts, silences, notifications and channels are asked of the daemon, by TOCSIN_URL and so on; when it does
    not answer within a second there are none.

    \b
    Examples:
      eval "$(tocsin completion bash)"              # in ~/.bashrc
      eval "$(tocsin completion zsh)"               # in ~/.zshrc
      tocsin completion fish > ~/.config/fish/completions/tocsin.fish
    """
    made = get_completion_class(shell)
    assert made is not None, "click has each of them"
    click.echo(made(ctx.find_root().command, {}, "tocsin", "_TOCSIN_COMPLETE").source())
