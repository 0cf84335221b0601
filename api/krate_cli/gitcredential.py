"""`krate git-credential`: Git's credential helper. The password it gives is the token of the kubeconfig's user.

    git config --global credential.http://127.0.0.1:7080.helper '!krate git-credential'

It answers for the machine of the kubeconfig's server only, so that no other host is ever offered a token. With an
administrator's kubeconfig (a client certificate) the user is the one named in the URL, and a token is made for them.
"""

import sys
from pathlib import Path
from urllib.parse import urlsplit

import click

from krate import kinds
from krate_cli import connect, token
from krate_kube.client import HttpClient

_SECONDS = 3600


def parse(text: str) -> dict[str, str]:
    """Git's `key=value` lines."""
    pairs = (line.partition("=") for line in text.splitlines())
    return {key: value for key, equals, value in pairs if equals}


@click.command("git-credential")
@click.argument("action")
@connect.options
def command(*, action: str, kubeconfig: Path | None, context: str) -> None:
    """Answer Git's request on standard input; ACTION is get, store or erase."""
    asked = parse(sys.stdin.read())
    if action != "get" or asked.get("protocol") not in {"http", "https"}:
        return

    async def work() -> tuple[str, str] | None:
        async with connect.client(kubeconfig, context) as client:
            host = urlsplit(client.connection.server).hostname
            if urlsplit(f"//{asked.get('host', '')}").hostname != host:
                return None
            return await _credential(client, asked.get("username", ""))

    found = connect.run(work())
    if found is not None:
        click.echo(f"username={found[0]}\npassword={found[1]}")


async def _credential(client: HttpClient, wanted: str) -> tuple[str, str] | None:
    own = client.connection.token
    if own is not None:
        kind = kinds.SELF_SUBJECT_REVIEW
        answer = await client.create(kind, {"apiVersion": kind.api_version, "kind": kind.name})
        username = answer["status"]["userInfo"]["username"]
        return (username, own()) if wanted in {"", username} else None
    return (wanted, await token.mint(client, wanted, _SECONDS)) if wanted else None
