"""A room for admission policies: an index, both validators, and look-ups in plain dictionaries."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import factories
from krate import errors, kinds
from krate.identity import Caller
from krate.kinds import Kind, Scope
from krate.selectors import Selector
from krate_api.admission.interface import Operation, Request, Review
from krate_api.admission.policies.index import POLICY_KINDS, PolicyIndex
from krate_api.admission.policies.kyverno import KyvernoValidator
from krate_api.admission.policies.vap import ValidatingAdmissionPolicyValidator

ALICE = Caller("alice", ("dev", "system:authenticated"), "u-1", {"team": ("platform",)})


def request(item: Mapping[str, Any] | None, *, kind: Kind = kinds.PULL_REQUEST, **changes: Any) -> Request:
    """A request to create `item`; `changes` are members of the request."""
    shown = item if item is not None else changes.get("old")
    metadata = (shown or {}).get("metadata", {})
    members: dict[str, Any] = {
        "uid": "req-1",
        "operation": Operation.CREATE,
        "kind": kind,
        "name": metadata.get("name", ""),
        "namespace": metadata.get("namespace", "") if kind.namespaced else "",
        "caller": ALICE,
        "object": item,
    }
    return Request(**{**members, **changes})


class Params:
    """Parameter objects by kind; the port that the server implements on its store."""

    def __init__(self, *items: Mapping[str, Any]) -> None:
        self.items = items
        self.asked: list[str] = []

    def scope(self, api_version: str, kind: str) -> Scope | None:
        found = kinds.of(api_version, kind)
        return found.scope if found else None

    async def get(self, api_version: str, kind: str, *, namespace: str, name: str) -> Mapping[str, Any] | None:
        self.asked.append(f"{kind}/{namespace}/{name}")
        found = self._of(api_version, kind, namespace)
        return next((item for item in found if item["metadata"]["name"] == name), None)

    async def list(
        self, api_version: str, kind: str, *, namespace: str, selector: Selector
    ) -> Sequence[Mapping[str, Any]]:
        found = self._of(api_version, kind, namespace)
        return [item for item in found if selector.matches(item["metadata"].get("labels", {}))]

    def _of(self, api_version: str, kind: str, namespace: str) -> Sequence[Mapping[str, Any]]:
        wanted = (api_version, kind, namespace)
        return [
            item
            for item in self.items
            if wanted == (item["apiVersion"], item["kind"], item["metadata"].get("namespace", ""))
        ]


class Room:
    """What the server wires, in memory."""

    def __init__(self, *policies: Mapping[str, Any], params: Sequence[Mapping[str, Any]] = ()) -> None:
        self.index = PolicyIndex()
        for policy in policies:
            self.put(policy)
        self.namespaces = {
            "acme": factories.make(kinds.NAMESPACE, "acme", metadata={"labels": {"tier": "gold"}}),
            "other": factories.make(kinds.NAMESPACE, "other"),
        }
        self.looked_up: list[str] = []
        self.params = Params(*params)
        self.vap = ValidatingAdmissionPolicyValidator(self.index, namespaces=self.namespace, params=self.params)
        self.kyverno = KyvernoValidator(self.index, namespaces=self.namespace)

    def put(self, item: Mapping[str, Any], change: str = "ADDED") -> None:
        kind = next(kind for kind in POLICY_KINDS if kind.name == item["kind"])
        self.index.apply(kind, change, item)

    async def namespace(self, name: str) -> Mapping[str, Any] | None:
        await asyncio.sleep(0)
        self.looked_up.append(name)
        return self.namespaces.get(name)

    async def judge(self, asked: Request) -> tuple[dict[str, Any] | None, Review]:
        """The Status that the client would see, or None, and the review."""
        review = Review()
        try:
            for validator in (self.vap, self.kyverno):
                if validator.interested(asked):
                    await validator.validate(asked, review)
        except errors.StatusError as denial:
            return denial.status(), review
        return None, review

    async def message(self, asked: Request) -> str:
        """The text of the denial; empty when there is none."""
        status, _ = await self.judge(asked)
        return status["message"] if status else ""
