"""``tocsin serve``: the daemon, in the foreground."""

from __future__ import annotations

import importlib.util
import os
import resource
import signal
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
_OTHER_FILES: Final = 256
"""For the store, for receivers and for what else is open beside the connections that come in."""


def _address(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Address | None:
    try:
        return None if value is None else Address.parse(value)
    except ConfigurationError as error:
        raise click.BadParameter(error.problem) from None


def _be_steady() -> None:
    """Let signals do no harm while it starts: SIGHUP does nothing yet, and SIGTERM ends it with 0.

    At once, and whatever it is doing: nothing was accepted yet, and the store survives worse.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))


def _allow_connections(number: int) -> None:
    """Let the process have as many files open as that takes, or say that it may not."""
    wanted = number + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    if most < wanted:
        problem = f"server.max_connections is {number}, for which {wanted} open files are needed; {most} are allowed"
        click.echo(f"tocsin: warning: {problem}", err=True)


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
    _be_steady()
    registry = load_registry()
    loaded = load_configuration(config, registry)
    set_up_logs(loaded.server.log_format, loaded.server.log_level)
    for warning in loaded.warnings:
        click.echo(f"tocsin: warning: {warning}", err=True)
    folder = data or Path(loaded.server.data or _DATA)
    daemon = Daemon(loaded, partial(load_configuration, config, registry), folder, listen=listen)
    options: dict[str, Any] = {"use_uvloop": importlib.util.find_spec("uvloop") is not None}
    _allow_connections(loaded.server.max_connections)
    anyio.run(daemon.run, lambda: click.echo(f"Listening on {daemon.url}"), backend_options=options)
