"""The command: parse, take the ports, serve until told to stop."""

import asyncio
import gc
import sys
from pathlib import Path

import click

from krate_cli.up.listeners import PortTaken, bind
from krate_cli.up.options import Address, Options


class _AddressType(click.ParamType[Address]):
    name = "HOST:PORT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        if isinstance(value, Address):
            return value
        try:
            return Address.parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command("up")
@click.option("--data", type=click.Path(path_type=Path), default=Path(".krate"), show_default=True, help="Data folder.")
@click.option("--listen", type=_AddressType(), default="127.0.0.1:7080", show_default=True, help="UI and Git.")
@click.option("--api-listen", type=_AddressType(), default="127.0.0.1:7443", show_default=True, help="API, TLS.")
@click.option("--disable-admission", default="", metavar="NAME,...", help="Admission validators to leave out.")
@click.option("--reload-templates", is_flag=True, help="Read templates again when they change.")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info")
def command(
    *,
    data: Path,
    listen: Address,
    api_listen: Address,
    disable_admission: str,
    reload_templates: bool,
    log_level: str,
) -> None:
    """Run Krate on this machine. Prints a line that begins with `ready`; ends on Ctrl-C or SIGTERM."""
    disabled = frozenset(name.strip() for name in disable_admission.split(",") if name.strip())
    options = Options(data.resolve(), listen, api_listen, disabled, reload_templates, log_level=log_level)
    try:
        web = bind(options.web, "--listen")
        api = bind(options.api, "--api-listen")
    except PortTaken as taken:
        raise click.ClickException(str(taken)) from taken
    gc.disable()  # a start makes little garbage; `serve` switches it on
    # Imported late: a busy port is told before a second of imports.
    from krate_cli.up import process  # noqa: PLC0415 - see above

    try:
        asyncio.run(process.serve(options, web, api))
    except process.CannotStart as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        sys.exit(0)
