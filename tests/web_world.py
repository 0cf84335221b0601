"""A Krate as the UI sees it, in memory: an API server's twin with the parts of a control plane that pages need.

`MemoryClient` stores; on top of it a `Person` stamps authors and numbers, answers access reviews and queries, judges by
one policy and serves canned views of repositories. Browser tests use the same `World` until they have a real server.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from krate import clock, errors, kinds
from krate.kinds import Kind
from krate_kube import patches
from krate_kube.memory import MemoryClient
from krate_kube.selections import matching, value_at
from web_git import Repository

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
Denial = Callable[[Kind, Mapping[str, Any]], None]
"""Raises a StatusError when a policy refuses what would be stored."""


@dataclass
class World:
    """One control plane; people are named by their tokens, `token-alice` is alice's."""

    namespaces: tuple[str, ...] = ("acme",)
    now: clock.Clock = lambda: NOW
    passwords: dict[str, str] = field(default_factory=lambda: {"alice": "correct horse"})
    codes: dict[str, str] = field(default_factory=dict)
    denied: set[tuple[str, str, str]] = field(default_factory=set)
    """What access reviews refuse: user, verb, resource with subresource."""
    refused: list[str] = field(default_factory=list)
    """What was tried and refused: the real server writes each into the audit."""
    refuse: Denial | None = None
    repositories: dict[tuple[str, str], Repository] = field(default_factory=dict)
    down: Exception | None = None
    """Raised by every call while it is set."""

    def __post_init__(self) -> None:
        self.store = MemoryClient(namespaces=self.namespaces, now=self.now)

    def client(self, token: str) -> "Person":
        """The client of whoever holds `token`: a `ClientFactory`."""
        return Person(self, token)

    def number(self, namespace: str, repository: str) -> int:
        taken = [
            found["status"].get("number", 0)
            for found in self.store.ledger.select(kinds.PULL_REQUEST, namespace, lambda _: True)
            if found["spec"]["repository"] == repository
        ]
        return max([0, *taken]) + 1


class Person:
    """The API as one person sees it."""

    def __init__(self, world: World, token: str) -> None:
        self.world = world
        self.token = token
        self.closed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.world.store, name)

    @property
    def user(self) -> str:
        if not self.token.startswith("token-"):
            raise errors.Unauthorized
        return self.token.removeprefix("token-")

    def _check(self, verb: str, kind: Kind, subresource: str = "") -> None:
        if self.world.down is not None:
            raise self.world.down
        resource = f"{kind.plural}/{subresource}" if subresource else kind.plural
        if (self.user, verb, resource) in self.world.denied:
            self.world.refused.append(f"{self.user} {verb} {resource}")
            why = f'User "{self.user}" cannot {verb} resource "{kind.plural}" in API group "{kind.group}"'
            raise errors.Forbidden.of(plural=kind.plural, group=kind.group, name="", message=why)

    async def get(self, kind: Kind, name: str, *, namespace: str = "") -> dict[str, Any]:
        self._check("get", kind)
        return await self.world.store.get(kind, name, namespace=namespace)

    async def list(self, kind: Kind, **options: Any) -> Any:
        self._check("list", kind)
        return await self.world.store.list(kind, **options)

    async def watch(self, kind: Kind, **options: Any) -> Any:
        self._check("watch", kind)
        async for event in self.world.store.watch(kind, **options):
            yield event

    async def close(self) -> None:
        self.closed = True

    # -------------------------------------------------------------------------------------- writes

    async def create(self, kind: Kind, body: Mapping[str, Any], **options: Any) -> dict[str, Any]:
        self._check("create", kind, options.get("subresource", ""))
        virtual = {
            kinds.QUERY: self._query,
            kinds.SELF_SUBJECT_ACCESS_REVIEW: self._review,
            kinds.SELF_SUBJECT_REVIEW: self._whoami,
        }
        if kind in virtual:
            return virtual[kind](body)
        fresh = orjson.loads(orjson.dumps(body))
        if kind is kinds.PULL_REQUEST:
            self._number(fresh, options.get("namespace", ""))
        if self.world.refuse is not None:
            self.world.refuse(kind, fresh)
        stored = await self.world.store.create(kind, fresh, **options)
        if kind in {kinds.PULL_REQUEST, kinds.REVIEW, kinds.COMMENT}:
            author = {**stored.get("status", {}), **fresh.get("status", {}), "author": self.user}
            stored = self.world.store.ledger.put(kind, {**stored, "status": author})
        return stored

    def _number(self, body: dict[str, Any], namespace: str) -> None:
        repository = body["spec"]["repository"]
        number = self.world.number(namespace, repository)
        body["metadata"].pop("generateName", None)
        body["metadata"]["name"] = f"{repository}-{number}"
        git = self.world.repositories.get((namespace, repository))
        head = git.branches.get(body["spec"]["source"]["branch"], "") if git else ""
        body["status"] = {"number": number, "phase": "Open", "headSHA": head}

    async def patch(self, kind: Kind, name: str, patch: Mapping[str, Any], **options: Any) -> dict[str, Any]:
        self._check("patch", kind, options.get("subresource", ""))
        if self.world.refuse is not None:
            stored = await self.world.store.get(kind, name, namespace=options.get("namespace", ""))
            self.world.refuse(kind, patches.merge(stored, patch))
        found = await self.world.store.patch(kind, name, patch, **options)
        if kind is kinds.PULL_REQUEST and "spec" in patch:
            found = self.world.store.ledger.put(kind, {**found, "status": self._after(found)})
        return found

    def _after(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """What the server and its controller would make of a changed spec."""
        spec, status = found["spec"], dict(found.get("status", {}))
        status.pop("mergeRequest", None)
        if spec.get("merged"):
            at = clock.rfc3339(self.world.now())
            status["mergeRequest"] = {"user": self.user, "headSHA": spec.get("mergeSHA", ""), "at": at}
        status["phase"] = "Closed" if spec.get("closed") else "Draft" if spec.get("draft") else "Open"
        return status

    # ------------------------------------------------------------------------------- what acts at once

    def _whoami(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return {**body, "status": {"userInfo": {"username": self.user}}}

    def _review(self, body: Mapping[str, Any]) -> dict[str, Any]:
        asked = body["spec"]["resourceAttributes"]
        resource = "/".join(part for part in (asked["resource"], asked.get("subresource")) if part)
        allowed = (self.user, asked["verb"], resource) not in self.world.denied
        return {**body, "status": {"allowed": allowed}}

    def _query(self, body: Mapping[str, Any]) -> dict[str, Any]:
        spec = body["spec"]
        (target,) = spec["targets"]
        kind = next(kind for kind in kinds.KINDS if kind.name == target)
        denied: list[dict[str, str]] = []
        namespaces = spec.get("namespaces") or [name for name in self.world.namespaces if self._lists(kind)]
        if not self._lists(kind):
            denied, namespaces = [{"namespace": name, "target": target} for name in namespaces], []
        selects = matching(kind, spec.get("labelSelector", ""), spec.get("fieldSelector", ""))
        found = [item for name in namespaces for item in self.world.store.ledger.select(kind, name, selects)]
        for member in spec.get("membership", []):
            wanted = self.user if member["value"] == "$me" else member["value"]
            found = [item for item in found if wanted in (value_at(item, member["field"]) or [])]
        for key in reversed(spec.get("sort", [])):
            found.sort(
                key=lambda item, path=key["field"]: _sortable(value_at(item, path)), reverse=bool(key.get("descending"))
            )
        token, limit = spec.get("continue") or "0", spec["limit"]
        if not token.isdecimal():
            raise errors.BadRequest("invalid continue token")
        start = int(token)
        shown = found[start : start + limit]
        status = {
            "matches": [
                {
                    "kind": target,
                    "namespace": item["metadata"].get("namespace", ""),
                    "name": item["metadata"]["name"],
                    "columns": {path: value_at(item, path) for path in spec.get("columns", [])},
                }
                for item in shown
            ],
            "total": len(found),
            "counts": _counts(found, spec.get("countBy", "")),
            "resourceVersions": {target: str(self.world.store.ledger.version)},
            "denied": denied,
            "continue": str(start + limit) if limit and start + limit < len(found) else "",
        }
        return {**body, "status": status}

    def _lists(self, kind: Kind) -> bool:
        return (self.user, "list", kind.plural) not in self.world.denied

    # ------------------------------------------------------------------------------------------ raw

    async def raw(
        self,
        method: str,  # noqa: ARG002 - the port's
        path: str,
        *,
        params: Any = None,
        body: bytes = b"",
        headers: Any = None,  # noqa: ARG002 - the port's
    ) -> bytes:
        if self.world.down is not None:
            raise self.world.down
        if path == "/-/session":
            return orjson.dumps(self._session(orjson.loads(body)))
        params = dict(params or {})
        parts = path.split("/")
        namespace, plural, name, view = parts[5], parts[6], parts[7], parts[8]
        self._check("get", kinds.REPOSITORY_CONTENT, view)
        if plural == kinds.PULL_REQUEST.plural:
            return orjson.dumps(self._pull_view(namespace, name, view))
        return self._content_view(namespace, name, view, params)

    def _session(self, asked: Mapping[str, str]) -> dict[str, str]:
        if "code" in asked:
            user = self.world.codes.pop(asked["code"], "")
        else:
            known = self.world.passwords.get(asked["username"])
            user = asked["username"] if known is not None and known == asked["password"] else ""
        if not user:
            raise errors.Unauthorized("the name or the password is wrong, or the link was used already")
        return {"token": f"token-{user}", "username": user, "expiresAt": "2030-01-01T00:00:00Z"}

    def _git(self, namespace: str, name: str) -> Repository:
        found = self.world.repositories.get((namespace, name))
        if found is None:
            raise errors.NotFound.of(plural="repositorycontents", group=kinds.REPOSITORY_CONTENT.group, name=name)
        return found

    def _pull_view(self, namespace: str, name: str, view: str) -> dict[str, Any]:
        pull = self.world.store.stored(kinds.PULL_REQUEST, name, namespace=namespace)
        if pull is None:
            raise errors.NotFound.of(plural="pullrequests", group=kinds.PULL_REQUEST.group, name=name)
        git = self._git(namespace, pull["spec"]["repository"])
        base, head = pull["spec"]["target"]["branch"], pull["spec"]["source"]["branch"]
        return git.compare(base, head) if view == "diff" else git.between(base, head)

    def _content_view(self, namespace: str, name: str, view: str, params: Mapping[str, str]) -> bytes:
        git = self._git(namespace, name)
        ref, path = params.get("ref", ""), params.get("path", "")
        views: dict[str, Callable[[], Any]] = {
            "tree": lambda: git.tree(ref, path),
            "blob": lambda: git.blob(ref, path),
            "commits": lambda: git.log(ref, path, int(params.get("limit", 50))),
            "branches": lambda: git.refs(git.branches),
            "tags": lambda: git.refs(git.tags),
            "compare": lambda: git.compare(params["base"], params["head"]),
        }
        return git.raw(ref, path) if view == "raw" else orjson.dumps(views[view]())


def _sortable(value: Any) -> tuple[int, Any]:
    return (0, "") if value is None else (1, value)


def _counts(found: Iterable[Mapping[str, Any]], path: str) -> dict[str, int]:
    """How many objects have each value at `path`."""
    return dict(Counter(str(value_at(item, path) or "") for item in found)) if path else {}
