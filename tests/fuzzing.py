"""Requests made by schemathesis from our own OpenAPI documents, bent towards what there is, and what must be answered.

Generated names and bodies alone would be refused at the door: half of them are turned to objects that exist and are
given the right type, so that schema, admission and store see them.
"""

import itertools
import json
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import hypothesis
import requests
import schemathesis

from served_api import API

SECONDS = float(os.environ.get("KRATE_FUZZ_SECONDS", "0"))
"""How long a document is tried; at least one round over all its operations."""
EXAMPLES = 2
"""Requests of each sort per operation and round; the first is always the simplest that there is."""

SETTINGS = hypothesis.settings(
    max_examples=EXAMPLES,
    database=None,
    deadline=None,
    phases=[hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)

Case = Any
Send = Callable[[Case], None]


@dataclass(frozen=True)
class Target:
    """What generated requests are bent towards."""

    namespace: str
    name: str

    def bend(self, case: Case, dice: random.Random) -> None:
        """Aim at what exists, with a body of the right type, half of the time."""
        own = case.operation.definition.raw
        action = own.get("x-kubernetes-action", "")
        if action == "post" and isinstance(case.body, dict) and "metadata" in case.body:
            # Upstream answers 500 to a resourceVersion in a new object, and so do we; a suite of its own says so.
            case.body = {**case.body, "metadata": _without_version(case.body["metadata"])}
        if dice.random() < 0.5:
            return
        for key, value in (("namespace", self.namespace), ("name", self.name)):
            if key in case.path_parameters:
                case.path_parameters[key] = value
        kind = own.get("x-kubernetes-group-version-kind")
        if not isinstance(case.body, dict) or kind is None or action not in {"post", "put"}:
            return
        api_version = "/".join(filter(None, (kind["group"], kind["version"])))
        meta = case.body.get("metadata")
        meta = {**(meta if isinstance(meta, dict) else {}), "name": self.name}
        case.body = {**case.body, "apiVersion": api_version, "kind": kind["kind"], "metadata": meta}


def _without_version(metadata: Any) -> Any:
    return {k: v for k, v in metadata.items() if k != "resourceVersion"} if isinstance(metadata, dict) else metadata


def operations(document: Mapping[str, Any]) -> list[Any]:
    """Every operation of a document."""
    return [found.ok() for found in schemathesis.openapi.from_dict(dict(document)).get_all_operations()]


def documents(admin: API) -> dict[str, str]:
    """Where each group and version has its document."""
    found = admin.get("/openapi/v3").json()["paths"]
    return {path: one["serverRelativeURL"] for path, one in found.items()}


def rounds() -> Iterator[int]:
    """At least one round, and more until the time is up."""
    end = time.monotonic() + SECONDS
    yield 0
    yield from itertools.takewhile(lambda _: time.monotonic() < end, itertools.count(1))


def generated(operation: Any, send: Send) -> None:
    """Send valid and invalid requests of an operation; where all it takes are names, nothing can be invalid."""
    takes = operation.body or operation.query
    for mode in schemathesis.GenerationMode.POSITIVE, *([schemathesis.GenerationMode.NEGATIVE] if takes else []):
        strategy = operation.as_strategy(generation_mode=mode)
        hypothesis.seed(random.getrandbits(32))(SETTINGS(hypothesis.given(strategy)(send)))()


@dataclass(frozen=True)
class Answer:
    """What came back; of a watch that goes on only the head."""

    code: int
    media: str
    body: bytes | None

    @property
    def shown(self) -> dict[str, Any]:
        """The object inside, if it is JSON."""
        return json.loads(self.body) if self.body is not None and self.media == "application/json" else {}


class Client:
    """Sends what schemathesis made, and follows nothing."""

    def __init__(self, url: str, ca: str, *, certificate: str = "", token: str = "") -> None:
        self.privileged = bool(certificate)
        self._url, self._session = url, requests.Session()
        self._session.verify, self._session.cert, self._session.trust_env = ca, certificate or None, False
        if token:
            self._session.headers["authorization"] = f"Bearer {token}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def send(self, case: Case) -> Answer:
        asked = case.as_transport_kwargs(base_url=self._url)
        with self._session.request(**asked, allow_redirects=False, stream=True, timeout=30) as answer:
            media = answer.headers.get("content-type", "").partition(";")[0]
            endless = answer.headers.get("transfer-encoding") == "chunked"
            return Answer(answer.status_code, media, None if endless else answer.content)


def faults(case: Case, answer: Answer, *, privileged: bool) -> Iterator[str]:
    """What is wrong with an answer; 504 is what a version of the future deserves."""
    if (answer.code >= 500 and answer.code != 504) or 300 <= answer.code < 400:
        yield f"answered with {answer.code}"
    if answer.code == 404 and answer.media == "text/plain":
        # A generated name that is no path segment: the address names nothing, and upstream says so in plain text.
        return
    if answer.media not in _declared(case):
        yield f"{answer.media!r} is not declared"
    elif answer.code >= 400:
        yield from _status_faults(answer)
    elif not privileged and case.method != "GET" and _kind(case) not in _ANYBODY:
        yield "somebody without rights was served"


_ANYBODY = {"SelfSubjectAccessReview", "SelfSubjectRulesReview", "SelfSubjectReview", "Query"}
"""Kinds that whoever has signed in may create."""


def _kind(case: Case) -> str:
    return case.operation.definition.raw.get("x-kubernetes-group-version-kind", {}).get("kind", "")


def _declared(case: Case) -> set[str]:
    answers = case.operation.definition.raw["responses"]
    return {media for one in answers.values() for media in one.get("content", ())} | {"application/json"}


def _status_faults(answer: Answer) -> Iterator[str]:
    status = answer.shown
    if (status.get("kind"), status.get("apiVersion"), status.get("status")) != ("Status", "v1", "Failure"):
        yield "it is no Status"
    elif status["code"] != answer.code:
        yield "the Status says another code"
    elif not (status.get("reason") and status.get("message")):
        yield "the Status gives no reason"


def told(case: Case, answer: Answer) -> str:
    """A conversation in words, for whoever must repeat it."""
    asked = f"{case.method} {case.formatted_path} {case.query} {case.headers} {case.media_type}"
    return f"{asked}\n{str(case.body)[:1000]}\n{answer.code} {answer.media} {(answer.body or b'')[:500]!r}"
