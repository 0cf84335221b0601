"""`krate kubeconfig NAME`: a kubeconfig with a short-lived token of a user."""

from pathlib import Path

import click

from krate_cli import connect, token
from krate_kube import config


@click.command("kubeconfig")
@click.argument("name")
@click.option("--seconds", type=click.IntRange(60, 86400), default=12 * 3600, show_default=True, help="Lifetime.")
@click.option("-n", "--namespace", default="default", show_default=True, help="Namespace of the context.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to a file (mode 0600), not to stdout.")
@connect.options
def command(
    *, name: str, seconds: int, namespace: str, output: Path | None, kubeconfig: Path | None, context: str
) -> None:
    """Print a kubeconfig of NAME."""

    async def work() -> str:
        async with connect.client(kubeconfig, context) as client:
            minted = await token.mint(client, name, seconds)
            found = client.connection
            return config.render(server=found.server, ca=found.ca, user=name, token=minted, namespace=namespace)

    text = connect.run(work())
    if output is None:
        click.echo(text, nl=False)
    else:
        config.write(output, text)
