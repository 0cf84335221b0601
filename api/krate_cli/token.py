"""`krate token NAME`: a short-lived token, for kubectl, git and scripts."""

from pathlib import Path

import click

from krate import kinds, names
from krate_cli import connect
from krate_kube.interface import Client


async def mint(client: Client, name: str, seconds: int) -> str:
    """A token of a user.

    Raises:
        StatusError: there is no such user, or the caller may not.
    """
    kind = kinds.USER
    body = {"apiVersion": kind.api_version, "kind": "UserToken", "spec": {"expirationSeconds": seconds}}
    answer = await client.create(kind, body, name=names.user_object_name(name), subresource="token")
    return answer["status"]["token"]


@click.command("token")
@click.argument("name")
@click.option("--seconds", type=click.IntRange(60, 86400), default=3600, show_default=True, help="Lifetime.")
@connect.options
def command(*, name: str, seconds: int, kubeconfig: Path | None, context: str) -> None:
    """Print a short-lived token of NAME."""

    async def work() -> str:
        async with connect.client(kubeconfig, context) as client:
            return await mint(client, name, seconds)

    click.echo(connect.run(work()))
