"""`krate user add`: people of an embedded Krate, through the User subresources."""

import sys
from pathlib import Path

import click

from krate import errors, kinds, names
from krate_cli import connect


@click.group("user")
def command() -> None:
    """Manage the users of an embedded Krate."""


@command.command("add")
@click.argument("name")
@click.option("--group", "groups", multiple=True, help="Group the user signs in with; may be repeated.")
@click.option("--display-name", default="", help="Name shown to people.")
@click.option("--password-stdin", is_flag=True, help="Read a password from standard input.")
@connect.options
def add(
    *,
    name: str,
    groups: tuple[str, ...],
    display_name: str,
    password_stdin: bool,
    kubeconfig: Path | None,
    context: str,
) -> None:
    """Add a user, or change the groups and the password of one."""
    password = sys.stdin.readline().rstrip("\n") if password_stdin else ""
    if password_stdin and not password:
        raise click.ClickException("--password-stdin: standard input holds no password")
    spec = {"groups": list(groups), **({"password": password} if password else {})}

    async def work() -> str:
        async with connect.client(kubeconfig, context) as client:
            kind, object_name = kinds.USER, names.user_object_name(name)
            user = {"username": name, **({"displayName": display_name} if display_name else {})}
            body = {"apiVersion": kind.api_version, "kind": kind.name, "metadata": {"name": object_name}, "spec": user}
            outcome = "created"
            try:
                await client.create(kind, body, field_manager="krate-user")
            except errors.AlreadyExists:
                outcome = "configured"
            secret = {"apiVersion": kind.api_version, "kind": "UserPassword", "spec": spec}
            await client.create(kind, secret, name=object_name, subresource="password")
            return f"user.{kind.group}/{object_name} {outcome}"

    click.echo(connect.run(work()))


@command.command("signin")
@click.argument("name")
@connect.options
def signin(*, name: str, kubeconfig: Path | None, context: str) -> None:
    """Print a one-time sign-in link of NAME; it works once, for ten minutes."""

    async def work() -> str:
        async with connect.client(kubeconfig, context) as client:
            kind = kinds.USER
            body = {"apiVersion": kind.api_version, "kind": "UserSignin"}
            answer = await client.create(kind, body, name=names.user_object_name(name), subresource="signin")
            return answer["status"]["url"]

    click.echo(connect.run(work()))
