"""From a kubeconfig to a client: what every command that speaks to an API server begins with."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from krate import errors
from krate_kube import config
from krate_kube.client import HttpClient
from krate_kube.connections import Connection
from krate_kube.interface import Unreachable

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def options(function: F) -> F:
    """`--kubeconfig` and `--context`."""
    for decorate in (
        click.option("--kubeconfig", type=click.Path(path_type=Path), help="Kubeconfig; KUBECONFIG by default."),
        click.option("--context", default="", help="Context of the kubeconfig."),
    ):
        function = decorate(function)
    return function


def connection(kubeconfig: Path | None, context: str = "") -> Connection:
    """The connection a command should use.

    Raises:
        ClickException: there is no usable kubeconfig.
    """
    paths = (kubeconfig,) if kubeconfig is not None else config.default_paths(os.environ)
    try:
        return config.load(paths, context=context)
    except config.ConfigInvalid as error:
        raise click.ClickException(
            f"{error}; set KUBECONFIG or pass --kubeconfig (krate up prints its path)"
        ) from error


@asynccontextmanager
async def client(kubeconfig: Path | None, context: str = "") -> AsyncGenerator[HttpClient]:
    """A client that prints warnings of the server as kubectl does."""

    def warn(text: str) -> None:
        click.echo(f"Warning: {text}", err=True)

    async with HttpClient(connection(kubeconfig, context), on_warning=warn) as found:
        yield found


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine; errors of the server become one line on stderr.

    Raises:
        ClickException: the server refused or cannot be reached.
    """
    try:
        return asyncio.run(work)
    except errors.StatusError as error:
        reason = f" ({error.http_reason})" if error.http_reason else ""
        raise click.ClickException(f"from server{reason}: {error.message}") from error
    except Unreachable as error:
        raise click.ClickException(f"the API server cannot be reached: {error}") from error
