"""Query: sorting, counting and membership over forge data, authorised per target and namespace.

A read: no admission, no quota, no Activity, no change-log row. A namespace the caller may not list is left out and
named in `denied`, with the kind only where the caller asked for it.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from krate import errors, kinds, selectors
from krate.identity import Attributes, Caller
from krate.kinds import Form, Kind
from krate.models.query import Query, QueryDenied, QueryMatch, QuerySpec, QueryStatus
from krate.selectors import Selector
from krate_api import paths
from krate_api.authz.authorizer import Authorizer
from krate_api.store import encoding
from krate_api.store.interface import Store

ME: Final = "$me"
MAX_SCANNED: Final = 100_000
"""Objects looked at by one query."""


@dataclass(frozen=True, slots=True)
class _Hit:
    kind: Kind
    obj: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, str, str]:
        meta = self.obj["metadata"]
        return self.kind.plural, meta.get("namespace", ""), meta["name"]


class Queries:
    """Answers Query objects."""

    def __init__(self, store: Store, authorizer: Authorizer) -> None:
        self._store = store
        self._authorizer = authorizer

    async def answer(self, caller: Caller, query: Query) -> QueryStatus:
        """Run one query.

        Raises:
            Invalid: an unknown target.
            BadRequest: a selector that cannot be parsed, or a field that is not selectable.
        """
        spec = query.spec
        targets = dict.fromkeys(_target(name, number) for number, name in enumerate(spec.targets))
        namespaces = tuple(dict.fromkeys(spec.namespaces)) or await self._namespaces()
        hits: list[_Hit] = []
        denied: list[QueryDenied] = []
        versions: dict[str, str] = {}
        for kind in targets:
            # Before anything is read: a watch from here may repeat what was found, and misses nothing.
            versions[kind.name] = str(self._store.version(kind.resource))
            where = namespaces if kind.namespaced else ("",)
            for namespace in where:
                if await self._may_list(caller, kind, namespace):
                    hits += await self._select(kind, namespace, spec, caller)
                elif spec.namespaces:
                    denied.append(QueryDenied(namespace=namespace, target=kind.name))
        return _status(spec, hits, denied, versions)

    async def _namespaces(self) -> tuple[str, ...]:
        page = await self._store.page(kinds.NAMESPACE.resource)
        return tuple(item.key.name for item in page.items)

    async def _may_list(self, caller: Caller, kind: Kind, namespace: str) -> bool:
        attributes = Attributes("list", kind.group, kind.version, kind.plural, "", namespace)
        return (await self._authorizer.review(caller, attributes)).allowed

    async def _select(self, kind: Kind, namespace: str, spec: QuerySpec, caller: Caller) -> list[_Hit]:
        labels = selectors.parse_labels(spec.label_selector)
        fields = _fields(kind, spec.field_selector)
        anyof = [_fields(kind, text) for text in spec.any_of]
        page = await self._store.page(
            kind.resource, namespace=namespace, labels=labels, fields=fields, limit=MAX_SCANNED
        )
        hits = (_Hit(kind, encoding.decode(item.body)) for item in page.items)
        return [hit for hit in hits if _any(hit, anyof) and _member(hit, spec, caller)]


def _target(name: str, number: int) -> Kind:
    found = next((kind for kind in kinds.KINDS if kind.name == name and kind.form is Form.FORGE), None)
    if found is None or "list" not in found.verbs:
        supported = (k.name for k in kinds.KINDS if k.form is Form.FORGE and "list" in k.verbs)
        cause = errors.unsupported(f"spec.targets[{number}]", errors.quoted(name), supported)
        raise errors.Invalid.of(kind="Query", group=kinds.QUERY.group, name="", causes=[cause])
    return found


def _fields(kind: Kind, text: str) -> Selector:
    selector = selectors.parse_fields(text)
    known = {"metadata.name", "metadata.namespace", *kind.selectable}
    for requirement in selector.requirements:
        if requirement.key not in known:
            raise errors.BadRequest(f"field label not supported: {requirement.key}")
    return selector


def _any(hit: _Hit, anyof: Sequence[Selector]) -> bool:
    if not anyof:
        return True
    meta = hit.obj["metadata"]
    values = {
        **paths.fields_of(hit.obj, hit.kind.selectable),
        "metadata.name": meta["name"],
        "metadata.namespace": meta.get("namespace", ""),
    }
    return any(selector.matches(values) for selector in anyof)


def _member(hit: _Hit, spec: QuerySpec, caller: Caller) -> bool:
    for membership in spec.membership:
        value = caller.username if membership.value == ME else membership.value
        found = paths.look(hit.obj, membership.field)
        if not isinstance(found, list) or value not in found:
            return False
    return True


def _status(spec: QuerySpec, hits: list[_Hit], denied: list[QueryDenied], versions: Mapping[str, str]) -> QueryStatus:
    hits.sort(key=lambda hit: hit.key)
    for sort in reversed(spec.sort):
        hits.sort(key=lambda hit, field=sort.field: _sortable(paths.look(hit.obj, field)), reverse=sort.descending)
    counts: dict[str, int] = {}
    if spec.count_by:
        for hit in hits:
            value = paths.text(paths.look(hit.obj, spec.count_by))
            counts[value] = counts.get(value, 0) + 1
    start = _start(spec.continue_token)
    shown = hits[start : start + spec.limit]
    more = start + len(shown) < len(hits) and spec.limit > 0
    return QueryStatus(
        matches=tuple(_match(hit, spec) for hit in shown),
        total=len(hits),
        counts=counts,
        resource_versions=dict(versions),
        denied=tuple(denied),
        continue_token=_token(start + len(shown)) if more else "",
    )


def _sortable(value: Any) -> tuple[int, float, str]:
    """Absent first, then numbers, then texts: values of different types never compare with each other."""
    if isinstance(value, bool | int | float):
        return 1, float(value), ""
    return (2, 0.0, value) if isinstance(value, str) else (0, 0.0, "")


def _match(hit: _Hit, spec: QuerySpec) -> QueryMatch:
    meta = hit.obj["metadata"]
    columns = {path: paths.look(hit.obj, path) for path in spec.columns}
    return QueryMatch(kind=hit.kind.name, namespace=meta.get("namespace", ""), name=meta["name"], columns=columns)


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(orjson.dumps({"offset": offset})).rstrip(b"=").decode()


def _start(token: str) -> int:
    if not token:
        return 0
    try:
        offset = int(orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))["offset"])
    except (ValueError, KeyError, TypeError):
        raise errors.BadRequest("invalid continue token") from None
    return max(offset, 0)
