"""`krate create -f`: for objects whose name the server gives, such as pull requests."""

from pathlib import Path

import click

from krate_cli import connect, manifests


@click.command("create")
@click.option("-f", "--filename", "paths", multiple=True, required=True, help="File, folder, or - for standard input.")
@click.option("-n", "--namespace", default="", help="Namespace of objects that name none.")
@click.option("--dry-run", is_flag=True, help="Ask the server, change nothing.")
@connect.options
def command(*, paths: tuple[str, ...], namespace: str, dry_run: bool, kubeconfig: Path | None, context: str) -> None:
    """Create objects from files."""
    documents = manifests.read(paths)

    async def work() -> None:
        async with connect.client(kubeconfig, context) as client:
            for document in documents:
                place = manifests.namespace_of(document, namespace or client.connection.namespace)
                made = await client.create(
                    document.kind,
                    document.body,
                    namespace=place,
                    dry_run=dry_run,
                    field_manager="krate-create",
                    field_validation="Strict",
                )
                group = f".{document.kind.group}" if document.kind.group else ""
                note = " (server dry run)" if dry_run else ""
                click.echo(f"{document.kind.singular}{group}/{made['metadata']['name']} created{note}")

    connect.run(work())
