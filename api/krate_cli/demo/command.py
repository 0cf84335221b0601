"""The command: prepare the folder, start Krate, tell the story, keep running."""

import os
import shutil
import signal
import sys
import threading
from pathlib import Path

import click
from rich.text import Text

from krate_cli.demo import first, second
from krate_cli.demo.cast import Cast
from krate_cli.demo.server import DemoServer
from krate_cli.demo.stage import Failed, Stage, git_environment, shown

_MARK = ".krate-demo"


@click.command("demo")
@click.option("--data", type=click.Path(path_type=Path), default=Path(".demo"), show_default=True, help="Data folder.")
@click.option("--once", is_flag=True, help="End after the story.")
def command(*, data: Path, once: bool) -> None:
    """Tell the whole story: declare, push, protect, refuse, review, merge."""
    folder = data.resolve()
    _fresh(folder)
    stage = Stage(folder)
    # Git's credential helper is `krate git-credential`: this very program, whatever PATH is.
    programs = Path(sys.executable).parent
    stage.environment["PATH"] = f"{programs}{os.pathsep}{stage.environment.get('PATH', '')}"
    stage.environment |= git_environment(folder)
    server = DemoServer(folder)
    try:
        cast = Cast(stage, server)
        _tell(stage, cast)
        if not once:
            _linger(stage)
    except Failed as failure:
        stage.console.print()
        stage.console.print(Text(f"The story stopped: {failure}", style="bold red"))
        stage.console.print(f"Logs: {shown(stage.log)} and {shown(server.log)}")
        sys.exit(1)
    finally:
        server.stop()


def _fresh(folder: Path) -> None:
    """An empty folder of ours.

    Raises:
        ClickException: it holds something else.
    """
    if folder.exists() and any(folder.iterdir()):
        if not (folder / _MARK).exists():
            raise click.ClickException(f"{folder} holds something that krate demo did not put there; use --data")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).touch()


def _tell(stage: Stage, cast: Cast) -> None:
    stage.console.print(Text("Krate, first light", style="bold"))
    stage.console.print(
        Text(f"Everything below runs for real, in {shown(stage.data)}. To run it yourself:", style="dim")
    )
    stage.show_command(f"export PATH={shown(Path(sys.executable).parent)}:$PATH")
    first.start(stage, cast)
    first.declare(stage, cast)
    first.push(stage, cast)
    second.policy(stage, cast)
    second.merge(stage, cast)
    second.yours(stage, cast)


def _linger(stage: Stage) -> None:
    """Keep running until Ctrl-C."""
    stage.console.print()
    stage.console.print(Text("Krate keeps running. Ctrl-C ends it.", style="bold"))
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()
