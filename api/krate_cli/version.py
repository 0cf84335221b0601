"""`krate version`."""

import importlib.metadata
import platform

import click


@click.command("version")
def command() -> None:
    """Print the versions of Krate and of what it stands on."""
    for name in ("krate-forge", "pygit2", "uvicorn", "pydantic"):
        click.echo(f"{name} {importlib.metadata.version(name)}")
    click.echo(f"python {platform.python_version()}")
