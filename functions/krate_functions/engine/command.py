"""`krate render XR COMPOSITION FUNCTIONS`: the arguments of `crossplane composition render`, without Docker.

Exit status: 0 rendered, 1 the inputs do not fit together, 3 a function returned a fatal result (what had come about is
printed all the same), 2 wrong usage.
"""

import asyncio
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import click
import yaml

from krate import logging
from krate_functions import inproc
from krate_functions.engine import documents, render
from krate_functions.protocol import Functions

FATAL_EXIT: Final = 3
_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_PATH: Final = click.Path(exists=True, path_type=Path)


@click.command("render")
@click.argument("xr", type=_FILE)
@click.argument("composition", type=_FILE)
@click.argument("functions", type=_PATH)
@click.option("-o", "--observed-resources", "observed", type=_PATH, help="Composed objects that exist: file or folder.")
@click.option(
    "-e",
    "--required-resources",
    "--extra-resources",
    "required",
    type=_PATH,
    multiple=True,
    help="Objects that functions may require: file or folder. May be repeated.",
)
@click.option("-r", "--include-function-results", "results", is_flag=True, help="Print results and events.")
@click.option("-x", "--include-full-xr", "full", is_flag=True, help="Print the composite with its spec and metadata.")
@click.option("-c", "--include-context", "context", is_flag=True, help="Print the pipeline's context.")
@click.option("--xrd", type=_FILE, help="Definition that gives the composite its defaults.")
@click.option("--context-values", multiple=True, metavar="KEY=VALUE", help="Context to start with; VALUE is YAML.")
@click.option("--context-files", multiple=True, metavar="KEY=FILE", help="Context to start with, from YAML files.")
@click.option("--function-credentials", "secrets", type=_PATH, help="Secrets for functions: file or folder.")
@click.option("-a", "--function-annotations", "annotations", multiple=True, metavar="KEY=VALUE")
@click.option("--engine", type=click.Choice(["inproc", "grpc"]), default="inproc", show_default=True)
@click.option("--timeout", type=float, default=60.0, show_default=True, help="Seconds.")
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> None:
    """Compose XR with COMPOSITION and FUNCTIONS, all YAML files, and print what would be written."""
    # Standard output is the documents'.
    logging.configure(level="warning", json=False)
    try:
        found = asyncio.run(_within(given))
    except (render.RenderError, documents.Unreadable) as failure:
        raise click.ClickException(str(failure)) from failure
    except TimeoutError:
        raise click.ClickException(f"no answer within {given['timeout']:g} seconds") from None
    click.echo(documents.dump(found.documents), nl=False)
    if found.fatal:
        click.echo(f"Error: {found.fatal}", err=True)
        ctx.exit(FATAL_EXIT)


async def _within(given: dict[str, Any]) -> render.Rendered:
    functions = documents.load(given["functions"])
    _annotate(functions, given["annotations"])
    inputs = render.Inputs(
        documents.load_one(given["xr"]),
        documents.load_one(given["composition"]),
        functions,
        documents.load(given["observed"]) if given["observed"] else (),
        [obj for path in given["required"] for obj in documents.load(path)],
        documents.load_one(given["xrd"]) if given["xrd"] else None,
        documents.load(given["secrets"]) if given["secrets"] else (),
        _context(given["context_files"], given["context_values"]),
    )
    options = {"results": given["results"], "full": given["full"], "context": given["context"]}
    async with asyncio.timeout(given["timeout"]):
        if given["engine"] == "inproc":
            return await render.render(inputs, _ours(functions), **options)
        # gRPC costs half a second to import; nobody pays it who does not ask for it.
        from krate_functions.engine import remote  # noqa: PLC0415

        async with remote.Remote(functions) as runner:
            return await render.render(inputs, runner, **options)


def _ours(functions: Iterable[dict[str, Any]]) -> Functions:
    """Our function under every name that it is listed by."""
    names = [
        function["metadata"]["name"]
        for function in functions
        if inproc.NAME in str((function.get("spec") or {}).get("package", function["metadata"]["name"]))
    ]
    return inproc.InProcess(names)


def _annotate(functions: Iterable[dict[str, Any]], pairs: Sequence[str]) -> None:
    for key, value in _pairs(pairs, "--function-annotations"):
        for function in functions:
            function["metadata"].setdefault("annotations", {})[key] = value


def _context(files: Sequence[str], values: Sequence[str]) -> dict[str, Any]:
    """The context to start with; values take precedence over files."""
    found: dict[str, Any] = {}
    for key, path in _pairs(files, "--context-files"):
        found[key] = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    for key, value in _pairs(values, "--context-values"):
        found[key] = yaml.safe_load(value)
    return json.loads(json.dumps(found, default=str))


def _pairs(words: Sequence[str], option: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for word in words:
        key, mark, value = word.partition("=")
        if not key or not mark:
            raise click.UsageError(f"{option} takes KEY=VALUE, not {word!r}")
        found.append((key, value))
    return found
