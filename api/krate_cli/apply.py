"""`krate apply`: kubectl's client-side apply, so that the two can be mixed.

The last applied configuration stands in kubectl's own annotation; what it had and the file has not any more is removed,
everything else on the object is left alone (three-way merge).
"""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from krate import errors, kinds
from krate.kinds import Kind
from krate.names import Annotation
from krate_cli import connect, manifests
from krate_cli.manifests import Document
from krate_kube.interface import Client

_MANAGER: Final = "krate-apply"
_WAIT: Final = 30.0
"""Seconds to wait for a namespace that something else is about to create."""
_PAUSE: Final = 0.1


@click.command("apply")
@click.option("-f", "--filename", "paths", multiple=True, required=True, help="File, folder, or - for standard input.")
@click.option("-R", "--recursive", is_flag=True, help="Read folders recursively.")
@click.option("-n", "--namespace", default="", help="Namespace of objects that name none.")
@click.option("--dry-run", is_flag=True, help="Ask the server, change nothing.")
@connect.options
def command(
    *, paths: tuple[str, ...], recursive: bool, namespace: str, dry_run: bool, kubeconfig: Path | None, context: str
) -> None:
    """Create or change objects so that they are as the files say."""
    documents = manifests.read(paths, recursive=recursive)

    async def work() -> int:
        async with connect.client(kubeconfig, context) as client:
            default = namespace or client.connection.namespace
            return await apply_all(client, documents, default, dry_run=dry_run)

    failed = connect.run(work())
    if failed:
        raise click.exceptions.Exit(1)


class Patience:
    """How long to wait, once per namespace, for one that an Organization applied just before is bringing."""

    def __init__(self, coming: set[str], seconds: float = _WAIT) -> None:
        self._left = dict.fromkeys(coming, seconds)

    async def wait(self, namespace: str) -> bool:
        """Wait a moment; False when the namespace is not coming, or has had its time."""
        left = self._left.get(namespace, 0.0)
        if left <= 0:
            return False
        self._left[namespace] = left - _PAUSE
        await asyncio.sleep(_PAUSE)
        return True


def coming(documents: list[Document]) -> set[str]:
    """Namespaces that the Organizations among the documents bring."""
    organizations = [document for document in documents if document.kind is kinds.ORGANIZATION]
    return {(one.body.get("spec") or {}).get("namespace") or one.name for one in organizations}


async def apply_all(client: Client, documents: list[Document], namespace: str, *, dry_run: bool = False) -> int:
    """Apply every document; answers how many failed. One failure does not stop the others."""
    failed = 0
    patience = Patience(set() if dry_run else coming(documents))
    for document in ordered(documents):
        try:
            outcome = await apply_one(client, document, namespace, patience=patience, dry_run=dry_run)
        except errors.StatusError as error:
            reason = f" ({error.http_reason})" if error.http_reason else ""
            click.echo(f'Error from server{reason}: error when applying "{document.file}": {error.message}', err=True)
            failed += 1
            continue
        click.echo(f"{document.shown} {outcome}{' (server dry run)' if dry_run else ''}")
    return failed


def ordered(documents: list[Document]) -> list[Document]:
    """Cluster-scoped objects first: an Organization brings the namespace that the others need."""
    return sorted(documents, key=lambda document: document.kind.namespaced)


async def apply_one(
    client: Client, document: Document, namespace: str, *, patience: Patience, dry_run: bool = False
) -> str:
    """Apply one object: `created`, `configured` or `unchanged`.

    Raises:
        StatusError: the server refuses.
    """
    kind, place = document.kind, manifests.namespace_of(document, namespace)
    wanted = with_last_applied(document.body, place)
    try:
        current = await client.get(kind, document.name, namespace=place)
    except errors.NotFound:
        await _create(client, kind, wanted, place, patience=patience, dry_run=dry_run)
        return "created"
    patch = three_way(_last_applied(current), wanted, current)
    if not patch:
        return "unchanged"
    changed = await client.patch(
        kind,
        document.name,
        patch,
        namespace=place,
        field_manager=_MANAGER,
        field_validation="Strict",
        dry_run=dry_run,
    )
    same = changed["metadata"].get("resourceVersion") == current["metadata"].get("resourceVersion")
    return "unchanged" if same and not dry_run else "configured"


async def _create(
    client: Client, kind: Kind, wanted: Mapping[str, Any], place: str, *, patience: Patience, dry_run: bool
) -> None:
    """Create, waiting for a namespace that is on its way."""
    while True:
        try:
            await client.create(
                kind, wanted, namespace=place, field_manager=_MANAGER, field_validation="Strict", dry_run=dry_run
            )
        except errors.NotFound as error:
            missing = (error.details or {}).get("kind") == "namespaces"
            if not missing or not await patience.wait(place):
                raise
        else:
            return


def with_last_applied(body: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    """The object to send: the file's, with its own text in kubectl's annotation."""
    metadata = dict(body.get("metadata") or {})
    if namespace:
        metadata["namespace"] = namespace
    annotations = {
        key: value for key, value in (metadata.get("annotations") or {}).items() if key != Annotation.LAST_APPLIED
    }
    plain = {**body, "metadata": {**metadata, "annotations": annotations}}
    text = json.dumps(plain, separators=(",", ":"), sort_keys=True) + "\n"
    return {**body, "metadata": {**metadata, "annotations": {**annotations, str(Annotation.LAST_APPLIED): text}}}


def _last_applied(current: Mapping[str, Any]) -> Mapping[str, Any]:
    text = (current["metadata"].get("annotations") or {}).get(str(Annotation.LAST_APPLIED), "")
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        found = {}
    return found if isinstance(found, dict) else {}


def three_way(original: Any, wanted: Mapping[str, Any], current: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON merge patch of kubectl apply: set what differs, remove what only the last application had."""
    patch: dict[str, Any] = {}
    for key, value in wanted.items():
        have = current.get(key)
        if isinstance(value, Mapping) and isinstance(have, Mapping):
            before = original.get(key) if isinstance(original, Mapping) else None
            inner = three_way(before or {}, value, have)
            if inner:
                patch[key] = inner
        elif have != value:
            patch[key] = value
    if isinstance(original, Mapping):
        patch |= {key: None for key in original if key not in wanted and key in current}
    return patch
