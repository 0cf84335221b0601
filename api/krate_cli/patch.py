"""`krate patch`: a JSON merge patch of one object."""

import json
from pathlib import Path

import click

from krate_cli import connect, targets


@click.command("patch")
@click.argument("arguments", nargs=-1, required=True, metavar="KIND NAME")
@click.option("-p", "--patch", "text", required=True, help="JSON merge patch.")
@click.option("-n", "--namespace", default="", help="Namespace; the context's by default.")
@click.option("--subresource", default="", help="Subresource, such as status.")
@connect.options
def command(
    *, arguments: tuple[str, ...], text: str, namespace: str, subresource: str, kubeconfig: Path | None, context: str
) -> None:
    """Change fields of an object."""
    found = targets.split(arguments)
    if len(found) != 1 or not found[0][1]:
        raise click.ClickException("name one object: krate patch KIND NAME -p PATCH")
    kind, name = found[0]
    try:
        patch = json.loads(text)
    except ValueError as error:
        raise click.ClickException(f"the patch is no JSON: {error}") from error
    if not isinstance(patch, dict):
        raise click.ClickException("the patch is no JSON object")

    async def work() -> str:
        async with connect.client(kubeconfig, context) as client:
            place = (namespace or client.connection.namespace) if kind.namespaced else ""
            await client.patch(
                kind,
                name,
                patch,
                namespace=place,
                subresource=subresource,
                field_manager="krate-patch",
                field_validation="Strict",
            )
            group = f".{kind.group}" if kind.group else ""
            return f"{kind.singular}{group}/{name} patched"

    click.echo(connect.run(work()))
