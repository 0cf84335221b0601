"""`krate`: commands are imported when they are run, so that `krate git-credential` does not pay for `krate up`."""

import importlib
import sys
from collections.abc import Sequence
from typing import Final

import click

_COMMANDS: Final = {
    "up": ("krate_cli.up.command", "Run Krate on this machine: API, UI, Git host and controllers."),
    "demo": ("krate_cli.demo.command", "Tell the whole story on a fresh embedded Krate."),
    "apply": ("krate_cli.apply", "Apply manifests, as kubectl apply does."),
    "create": ("krate_cli.create", "Create objects whose names the server gives."),
    "patch": ("krate_cli.patch", "Change fields of an object."),
    "get": ("krate_cli.get", "Show objects."),
    "delete": ("krate_cli.delete", "Delete objects."),
    "render": ("krate_functions.engine.command", "Compose an XR without a cluster and print what would be written."),
    "user": ("krate_cli.users", "Manage the users of an embedded Krate."),
    "token": ("krate_cli.token", "Print a short-lived token of a user."),
    "kubeconfig": ("krate_cli.kubeconfig", "Print a kubeconfig of a user."),
    "git-credential": ("krate_cli.gitcredential", "Git credential helper."),
    "trace": ("krate_cli.trace", "Everything that happened under one correlation id."),
    "version": ("krate_cli.version", "Print versions."),
}


class Lazy(click.Group):
    """A group whose commands live in modules of their own."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        found = _COMMANDS.get(cmd_name)
        return importlib.import_module(found[0]).command if found else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
def krate() -> None:
    """Krate: a Kubernetes-native Git forge."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point; a failure is one line and a non-zero status."""
    try:
        krate.main(arguments, standalone_mode=True, prog_name="krate")
    except KeyboardInterrupt:
        sys.exit(130)
