"""`krate delete`: by kind and name, or by the files that declared the objects; waits until they are gone."""

import asyncio
from pathlib import Path
from typing import Final

import click

from krate import errors
from krate.kinds import Kind
from krate_cli import connect, manifests, targets
from krate_kube.client import HttpClient

_PAUSE: Final = 0.1


@click.command("delete")
@click.argument("arguments", nargs=-1, metavar="[KIND NAME ...]")
@click.option("-f", "--filename", "paths", multiple=True, help="File, folder, or - for standard input.")
@click.option("-R", "--recursive", is_flag=True, help="Read folders recursively.")
@click.option("-n", "--namespace", default="", help="Namespace; the context's by default.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until the objects are gone.")
@click.option("--ignore-not-found", is_flag=True, help="Treat missing objects as deleted.")
@click.option("--timeout", type=float, default=60.0, show_default=True, help="Seconds to wait.")
@connect.options
def command(
    *,
    arguments: tuple[str, ...],
    paths: tuple[str, ...],
    recursive: bool,
    namespace: str,
    wait: bool,
    ignore_not_found: bool,
    timeout: float,
    kubeconfig: Path | None,
    context: str,
) -> None:
    """Delete objects."""
    if bool(arguments) == bool(paths):
        raise click.ClickException("name objects (KIND NAME) or files (-f), one of the two")

    async def work() -> None:
        async with connect.client(kubeconfig, context) as client:
            default = namespace or client.connection.namespace
            for kind, name, place in _wanted(arguments, paths, default, recursive=recursive):
                await _delete(client, kind, name, place, missing_is_fine=ignore_not_found)
                if wait:
                    await _gone(client, kind, name, place, timeout)

    connect.run(work())


def _wanted(
    arguments: tuple[str, ...], paths: tuple[str, ...], namespace: str, *, recursive: bool
) -> list[tuple[Kind, str, str]]:
    if paths:
        documents = manifests.read(paths, recursive=recursive)
        # In reverse: what was applied first, such as the Organization, goes last.
        return [(d.kind, d.name, manifests.namespace_of(d, namespace)) for d in reversed(documents)]
    found = targets.split(arguments)
    if any(not name for _, name in found):
        raise click.ClickException("resource(s) were provided, but no name was specified")
    return [(kind, name, namespace if kind.namespaced else "") for kind, name in found]


async def _delete(client: HttpClient, kind: Kind, name: str, place: str, *, missing_is_fine: bool) -> None:
    group = f".{kind.group}" if kind.group else ""
    try:
        await client.delete(kind, name, namespace=place)
    except errors.NotFound:
        if not missing_is_fine:
            raise
        return
    click.echo(f'{kind.singular}{group} "{name}" deleted')


async def _gone(client: HttpClient, kind: Kind, name: str, place: str, seconds: float) -> None:
    """Wait until a GET says so.

    Raises:
        ClickException: it is still there.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < deadline:
        try:
            await client.get(kind, name, namespace=place)
        except errors.NotFound:
            return
        await asyncio.sleep(_PAUSE)
    raise click.ClickException(f"timed out waiting for {kind.singular}/{name} to go; look at its metadata.finalizers")
