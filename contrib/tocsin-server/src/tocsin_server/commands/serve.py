"""``tocsin serve``: the daemon, in the foreground."""

from __future__ import annotations

import importlib.util
from functools import partial
from pathlib import Path
from typing import Any, Final

import anyio
import click

from tocsin import ConfigurationError, load_configuration, load_registry
from tocsin_server.daemon.life import Daemon
from tocsin_server.daemon.listening import Address
from tocsin_server.daemon.logs import set_up_logs

__all__ = ["serve"]

_DATA: Final = "data"


def _address(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Address | None:
    try:
        return None if value is None else Address.parse(value)
    except ConfigurationError as error:
        raise click.BadParameter(error.problem) from None


@click.command()
@click.option(
    "--config",
    "config",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The configuration: YAML, TOML or JSON.",
)
@click.option(
    "--listen",
    callback=_address,
    metavar="HOST:PORT",
    help="Where to listen, whatever the configuration says; port 0 takes a free one.",
)
@click.option(
    "--data", metavar="DIR", type=click.Path(file_okay=False, path_type=Path), help="The folder of the store."
)
def serve(config: Path, listen: Address | None, data: Path | None) -> None:
    """Run the daemon until SIGTERM or Ctrl-C.

    Prometheus and whatever speaks Alertmanager's API send to it. SIGHUP, or POST /-/reload, reads the configuration
    anew. "Listening on http://HOST:PORT" is printed once requests are answered.

    \b
    Examples:
      tocsin serve --config tocsin.yaml
      tocsin serve --config tocsin.yaml --listen 127.0.0.1:0 --data /var/lib/tocsin
    """
    registry = load_registry()
    loaded = load_configuration(config, registry)
    set_up_logs(loaded.server.log_format, loaded.server.log_level)
    for warning in loaded.warnings:
        click.echo(f"tocsin: warning: {warning}", err=True)
    folder = data or Path(loaded.server.data or _DATA)
    daemon = Daemon(loaded, partial(load_configuration, config, registry), folder, listen=listen)
    options: dict[str, Any] = {"use_uvloop": importlib.util.find_spec("uvloop") is not None}
    anyio.run(daemon.run, lambda: click.echo(f"Listening on {daemon.url}"), backend_options=options)
