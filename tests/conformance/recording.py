"""One scenario played against one server: every exchange is recorded, and what must differ is given a stable name."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

import cluster_tools
from conformance.naming import AGE, PRINTED, Names

MINE = {
    "date",
    "last-modified",
    "audit-id",
    "content-length",
    "x-kubernetes-pf-flowschema-uid",
    "x-kubernetes-pf-prioritylevel-uid",
    "x-correlation-id",
    "transfer-encoding",
    "connection",
    "server",
}
"""Headers that say nothing about behaviour."""
ALIKE = {"etag": "<digest>", "expires": "<date>"}
"""Headers that tell of documents about other groups too, and of clocks: that there is one counts."""
SIZE = re.compile(r"^(bytes (?:\*|\d+-\d+))/\d+$")
View = Callable[[Any], Any]


@dataclass(frozen=True)
class Exchange:
    """A request as it is named in the table, and the answer, comparable between servers."""

    name: str
    status: int
    headers: dict[str, str]
    body: Any

    @property
    def summary(self) -> str:
        """The answer in a line."""
        body = self.body
        if isinstance(body, dict) and body.get("kind") == "Status":
            return f"{self.status} {body.get('reason') or body.get('status')}: {body.get('message', '')}".rstrip(": ")
        if isinstance(body, dict) and body.keys() == {"out", "err"}:
            return f"status {self.status}: {' / '.join((*body['err'], *body['out']))}"
        if isinstance(body, list):
            types = [frame.get("type") if isinstance(frame, dict) else "?" for frame in body]
            return f"{self.status} {' '.join(map(str, types))}"
        return f"{self.status} {body.get('kind', '') if isinstance(body, dict) else str(body)[:60]}".rstrip()


@dataclass
class Session:
    """A conversation with one server in a namespace of its own."""

    client: httpx2.Client
    namespace: str
    kubeconfig: Path
    _raw: list[tuple[str, httpx2.Response | subprocess.CompletedProcess[str], Any]] = field(default_factory=list)

    @property
    def pulls(self) -> str:
        return f"/apis/ref.example.com/v1/namespaces/{self.namespace}/pulls"

    @property
    def widgets(self) -> str:
        return "/apis/ref.example.com/v1/widgets"

    def quiet(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """A request that is not part of the comparison; answers the parsed body."""
        response = self._send(method, path, body, **options)
        return _parsed(response)

    def ask(
        self, name: str, method: str, path: str, body: Any = None, *, view: View = lambda found: found, **options: Any
    ) -> Any:
        """A request whose answer is recorded under `name`; answers the parsed body.

        Args:
            name: of the row.
            method: HTTP method.
            path: of the request.
            body: JSON, or bytes as they are.
            view: the part of the body that two servers can have in common.
            options: of `_send`.
        """
        response = self._send(method, path, body, **options)
        parsed = _viewed(_parsed(response), view)
        self._raw.append((name, response, parsed))
        return parsed

    def kubectl(self, name: str, *arguments: str, stdin: str = "") -> str:
        """A command of the real kubectl in the session's namespace, recorded; answers its standard output."""
        environment = {
            "PATH": os.environ["PATH"],
            "KUBECONFIG": str(self.kubeconfig),
            "HOME": str(self.kubeconfig.parent),
        }
        done = subprocess.run(
            [str(cluster_tools.path("kubectl")), "-n", self.namespace, *arguments],
            input=stdin,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self._raw.append((name, done, {"out": done.stdout, "err": done.stderr}))
        return done.stdout

    def get(self, name: str, path: str, **options: Any) -> Any:
        return self.ask(name, "GET", path, **options)

    def post(self, name: str, path: str, body: Any, **options: Any) -> Any:
        return self.ask(name, "POST", path, body, **options)

    def put(self, name: str, path: str, body: Any, **options: Any) -> Any:
        return self.ask(name, "PUT", path, body, **options)

    def delete(self, name: str, path: str, body: Any = None, **options: Any) -> Any:
        return self.ask(name, "DELETE", path, body, **options)

    def merge(self, name: str, path: str, body: Any, **options: Any) -> Any:
        return self.ask(name, "PATCH", path, body, media="application/merge-patch+json", **options)

    def json_patch(self, name: str, path: str, body: Any, **options: Any) -> Any:
        return self.ask(name, "PATCH", path, body, media="application/json-patch+json", **options)

    def apply(self, name: str, path: str, body: Any, manager: str = "a", **options: Any) -> Any:
        query = {"fieldManager": manager, **options.pop("query", {})}
        return self.ask(name, "PATCH", path, body, media="application/apply-patch+yaml", query=query, **options)

    def _send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        media: str = "application/json",
        accept: str = "application/json",
        query: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx2.Response:
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        wire = {
            "accept": accept,
            **({"content-type": media} if content is not None and media else {}),
            **(headers or {}),
        }
        return self.client.request(method, path, content=content, params=query, headers=wire)

    def finish(self) -> list[Exchange]:
        """The recording, normalised as a whole: ranks need all versions."""
        names = Names(self.namespace)
        for _, _, parsed in self._raw:
            names.learn(parsed)
        return [_exchange(name, answer, parsed, names) for name, answer, parsed in self._raw]


def _viewed(parsed: Any, view: View) -> Any:
    """The part of an answer; all of an answer of another shape, such as a refusal."""
    try:
        return view(parsed)
    except (AttributeError, KeyError, TypeError):
        return parsed


def _exchange(
    name: str, answer: httpx2.Response | subprocess.CompletedProcess[str], parsed: Any, names: Names
) -> Exchange:
    if isinstance(answer, httpx2.Response):
        return Exchange(name, answer.status_code, _headers(answer, names), names.rename(parsed))
    texts = {
        stream: AGE.sub("<age>", PRINTED.sub("<>", names.text(text))).splitlines() for stream, text in parsed.items()
    }
    # Columns are as wide as what stands in them, and an age may have one digit or two.
    lines = {
        stream: [" ".join(line.split()) if "<age>" in line else line for line in text] for stream, text in texts.items()
    }
    return Exchange(name, answer.returncode, {}, lines)


def _parsed(response: httpx2.Response) -> Any:
    text = response.text
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:  # the frames of a watch
        return [json.loads(line) for line in text.splitlines()] if text.endswith("\n") and text[0] == "{" else text
    except ValueError:
        return text


def _headers(response: httpx2.Response, names: Names) -> dict[str, str]:
    found = {name: names.text(value) for name, value in sorted(response.headers.items()) if name not in MINE}
    return {name: SIZE.sub(r"\1/<size>", ALIKE.get(name, value)) for name, value in found.items()}
