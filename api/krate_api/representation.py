"""Objects of one kind in the form that a client wants: the one place where stored bytes become served bytes.

Plain JSON is served as it is stored. Everything else is made object by object, so that a long list is written in parts
and other requests run in between.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from krate.names import Annotation
from krate_api import notation, tables
from krate_api.negotiation import Form, Include, Wanted
from krate_api.notation import Notation
from krate_api.resources import Resource
from krate_api.store import encoding


def notation_of(wanted: Wanted) -> Notation:
    """How the answer is written."""
    if wanted.yaml:
        return notation.YAML
    return notation.PRETTY if wanted.pretty else notation.JSON


class Representation:
    """One kind in one form.

    Args:
        resource: the kind, in the version that is asked for.
        wanted: the form.
        now: UNIX seconds, for the ages that a Table shows.
    """

    def __init__(self, resource: Resource, wanted: Wanted, now: float) -> None:
        self._resource = resource
        self._wanted = wanted
        self._now = now
        self._notation = notation_of(wanted)

    # ------------------------------------------------------------------ answers

    def one(self, body: bytes) -> bytes:
        """The document of one stored object."""
        if self._wanted.as_stored:
            return self._resource.shown(body) + b"\n"
        return self.document(self._decoded(body))

    def document(self, obj: Mapping[str, Any]) -> bytes:
        """The document of one object as it is served."""
        return self._notation.document(self._transformed(obj, with_columns=True))

    def many(self, bodies: Iterable[bytes], metadata: Mapping[str, Any]) -> Iterator[bytes]:
        """The document of a list, part by part.

        Args:
            bodies: its stored objects.
            metadata: resourceVersion and, where they are known, continue and remainingItemCount.
        """
        kind, wanted = self._resource.kind, self._wanted
        match wanted.form:
            case Form.OBJECT:
                # Of custom resources it is always there, and their items say what they are; typed lists omit both.
                named = metadata if kind.native else {**metadata, "continue": metadata.get("continue", "")}
                head = {"apiVersion": kind.api_version, "items": [], "kind": kind.list_kind}
                return self._notation.chunks(
                    {**head, "metadata": dict(sorted(named.items()))}, "items", self._items(bodies)
                )
            case Form.TABLE:
                head = tables.table(kind, [], api_version=wanted.api_version, metadata=metadata)
                return self._notation.chunks(head, "rows", self._items(bodies))
            case _:
                head = {
                    "kind": Form.METADATA_LIST.value,
                    "apiVersion": wanted.api_version,
                    "metadata": metadata,
                    "items": [],
                }
                return self._notation.chunks(head, "items", self._items(bodies))

    def _items(self, bodies: Iterable[bytes]) -> Iterator[bytes]:
        if self._wanted.as_stored:
            return map(self._untyped if self._resource.kind.native else self._resource.shown, bodies)
        return (self._notation.item(self._item(self._decoded(body))) for body in bodies)

    def _untyped(self, body: bytes) -> bytes:
        """A stored body without its type, which the list says."""
        return b"{" + encoding.untyped(self._resource.shown(body))

    def _item(self, obj: Mapping[str, Any]) -> Mapping[str, Any]:
        match self._wanted.form:
            case Form.OBJECT if self._resource.kind.native:
                return {key: value for key, value in obj.items() if key not in {"apiVersion", "kind"}}
            case Form.OBJECT:
                return obj
            case Form.TABLE:
                return self._row(obj)
            case _:
                return self._partial(obj)

    # ------------------------------------------------------------------ events

    def event(self, kind: str, body: bytes, *, with_columns: bool) -> bytes:
        """A frame of a watch.

        Args:
            kind: what happened.
            body: the object's stored bytes.
            with_columns: whether a Table describes its columns: once in a watch is enough.
        """
        if self._wanted.as_stored:
            return b'{"type":"' + kind.encode() + b'","object":' + self._resource.shown(body) + b"}\n"
        return frame(kind, self._transformed(self._decoded(body), with_columns=with_columns))

    def bookmark(self, version: int, *, initial: bool = False) -> bytes:
        """A frame that says up to which version a watch has told everything.

        Args:
            version: that version.
            initial: whether it ends the initial state.
        """
        kind = self._resource.kind
        metadata: dict[str, Any] = {"resourceVersion": str(version)}
        if initial:
            metadata["annotations"] = {str(Annotation.INITIAL_EVENTS_END): "true"}
        obj = {"kind": kind.name, "apiVersion": kind.api_version, "metadata": metadata}
        if self._wanted.form is not Form.TABLE:
            return frame("BOOKMARK", self._transformed(obj, with_columns=False))
        row = {"cells": tables.empty_cells(kind), "object": self._partial(obj)}
        return frame("BOOKMARK", self._table(row, str(version), with_columns=False))

    # ------------------------------------------------------------------ forms

    def _decoded(self, body: bytes) -> dict[str, Any]:
        return encoding.decode(self._resource.shown(body))

    def _transformed(self, obj: Mapping[str, Any], *, with_columns: bool) -> Mapping[str, Any]:
        match self._wanted.form:
            case Form.OBJECT:
                return obj
            case Form.TABLE:
                version = obj["metadata"].get("resourceVersion", "")
                return self._table(self._row(obj), version, with_columns=with_columns)
            case _:
                return self._partial(obj)

    def _table(self, row: Mapping[str, Any], version: str, *, with_columns: bool) -> dict[str, Any]:
        return tables.table(
            self._resource.kind,
            [row],
            api_version=self._wanted.api_version,
            metadata={"resourceVersion": version} if version else {},
            with_columns=with_columns,
        )

    def _row(self, obj: Mapping[str, Any]) -> dict[str, Any]:
        match self._wanted.include:
            case Include.NONE:
                shown: Any = None
            case Include.OBJECT:
                shown = obj
            case Include.METADATA:
                shown = self._partial(obj)
        return {"cells": tables.cells(self._resource.kind, obj, self._now), "object": shown}

    def _partial(self, obj: Mapping[str, Any]) -> dict[str, Any]:
        return {"kind": Form.METADATA.value, "apiVersion": self._wanted.api_version, "metadata": obj["metadata"]}


def frame(kind: str, obj: Mapping[str, Any]) -> bytes:
    """A frame of a watch: what happened, and the object."""
    return b'{"type":"' + kind.encode() + b'","object":' + encoding.one_line(notation.JSON.dump(obj)) + b"}\n"
