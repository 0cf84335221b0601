"""The in-memory API server behind real HTTP: what client tests speak to without a whole Krate.

It serves discovery, the verbs of every kind and streaming watches, exactly as the twin answers them; faults (refusals,
cut connections) are injected by `before`.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson
import uvicorn

from krate import errors, kinds
from krate.kinds import Kind
from krate_kube.interface import PatchType, Propagation
from krate_kube.memory import MemoryClient

Scope = Mapping[str, Any]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Before = Callable[[Scope], tuple[int, Mapping[str, str], bytes] | None]


class KubeApp:
    """ASGI application over a `MemoryClient`; `requests` records (method, path, headers)."""

    def __init__(self, backend: MemoryClient, *, served: tuple[Kind, ...] = kinds.KINDS) -> None:
        self.backend = backend
        self.served = served
        self.before: Before = lambda _scope: None
        self.requests: list[tuple[str, str, dict[str, str]]] = []

    async def __call__(self, scope: Scope, receive: Any, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = {key.decode(): value.decode() for key, value in scope["headers"]}
        self.requests.append((scope["method"], scope["path"], headers))
        params = dict(parse_qsl(scope["query_string"].decode()))
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if (fault := self.before(scope)) is not None:
            await respond(send, *fault)
            return
        try:
            await self._dispatch(scope, params, body, headers, send)
        except errors.StatusError as error:
            extra = {"retry-after": str(error.retry_after)} if error.retry_after is not None else {}
            await respond(send, error.http_code, extra, orjson.dumps(error.status()))

    async def _dispatch(
        self, scope: Scope, params: dict[str, str], body: bytes, headers: dict[str, str], send: Send
    ) -> None:
        method, path = scope["method"], scope["path"]
        if (found := self._discovery(path)) is not None:
            await respond(send, 200, {}, orjson.dumps(found))
            return
        kind, namespace, name, subresource = self._resolve(path)
        document = orjson.loads(body) if body else {}
        selectors = {"labels": params.get("labelSelector", ""), "fields": params.get("fieldSelector", "")}
        if method == "GET" and not name and params.get("watch"):
            await self._watch(kind, namespace, params, selectors, send)
            return
        write: dict[str, Any] = {
            "field_manager": params.get("fieldManager", ""),
            "dry_run": params.get("dryRun") == "All",
        }
        code, answer = 200, None
        match method, bool(name):
            case "GET", True:
                answer = await self.backend.get(kind, name, namespace=namespace)
            case "GET", False:
                answer = await self._list(kind, namespace, params, selectors)
            case "POST", _:
                code = 201
                answer = await self.backend.create(
                    kind, document, namespace=namespace, name=name, subresource=subresource, **write
                )
            case "PUT", True:
                answer = await self.backend.update(kind, document, subresource=subresource)
            case "PATCH", True:
                type_ = PatchType(headers["content-type"])
                answer = await self.backend.patch(
                    kind, name, document, namespace=namespace, subresource=subresource, type=type_, **write
                )
            case "DELETE", _:
                answer = await self._delete(kind, namespace, name, document, selectors)
            case _:
                raise errors.MethodNotAllowed
        await respond(send, code, {}, orjson.dumps(answer))

    async def _delete(
        self, kind: Kind, namespace: str, name: str, options: Mapping[str, Any], selectors: dict[str, str]
    ) -> dict[str, Any]:
        propagation = Propagation(options["propagationPolicy"]) if options.get("propagationPolicy") else None
        if not name:
            gone = await self.backend.delete_collection(kind, namespace=namespace, propagation=propagation, **selectors)
            return {"kind": f"{kind.name}List", "apiVersion": kind.api_version, "metadata": {}, "items": gone}
        wanted = options.get("preconditions", {})
        return await self.backend.delete(
            kind,
            name,
            namespace=namespace,
            propagation=propagation,
            uid=wanted.get("uid", ""),
            resource_version=wanted.get("resourceVersion", ""),
        )

    async def _list(
        self, kind: Kind, namespace: str, params: dict[str, str], selectors: dict[str, str]
    ) -> dict[str, Any]:
        listing = await self.backend.list(
            kind,
            namespace=namespace,
            limit=int(params.get("limit", "0")),
            continue_token=params.get("continue", ""),
            **selectors,
        )
        metadata = {"resourceVersion": listing.resource_version, "continue": listing.continue_token}
        items = [
            {key: value for key, value in item.items() if key not in {"apiVersion", "kind"}} for item in listing.items
        ]
        return {"kind": f"{kind.name}List", "apiVersion": kind.api_version, "metadata": metadata, "items": items}

    async def _watch(
        self, kind: Kind, namespace: str, params: dict[str, str], selectors: dict[str, str], send: Send
    ) -> None:
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        stream = self.backend.watch(
            kind, namespace=namespace, resource_version=params.get("resourceVersion", ""), **selectors
        )
        try:
            async with aclosing(stream) as events:
                async for event in events:
                    frame = orjson.dumps({"type": event.type.value, "object": event.object}) + b"\n"
                    await send({"type": "http.response.body", "body": frame, "more_body": True})
        except errors.StatusError as error:
            frame = orjson.dumps({"type": "ERROR", "object": error.status()}) + b"\n"
            await send({"type": "http.response.body", "body": frame, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    def _resolve(self, path: str) -> tuple[Kind, str, str, str]:
        parts = [unquote(part) for part in path.strip("/").split("/")]
        base, rest = (2, parts[2:]) if parts[0] == "api" else (3, parts[3:])
        prefix, namespace = "/" + "/".join(parts[:base]), ""
        if rest[:1] == ["namespaces"] and len(rest) > 2 and rest[2] not in {"status", "finalize"}:
            namespace, rest = rest[1], rest[2:]
        for kind in self.served:
            if rest and kind.base_path == prefix and kind.plural == rest[0]:
                return kind, namespace, "".join(rest[1:2]), "".join(rest[2:3])
        raise errors.NotFound

    def _discovery(self, path: str) -> dict[str, Any] | None:
        bases = {kind.base_path for kind in self.served}
        match path.rstrip("/"):
            case "/version":
                return {"major": "1", "minor": "36", "gitVersion": "v1.36.0"}
            case "/api":
                return {"kind": "APIVersions", "versions": ["v1"]}
            case "/apis":
                groups = dict.fromkeys((kind.group, kind.version) for kind in self.served if kind.group)
                return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [group(*pair) for pair in groups]}
            case base if base in bases:
                rows = [entry for kind in self.served if kind.base_path == base for entry in resources(kind)]
                version = next(kind.api_version for kind in self.served if kind.base_path == base)
                return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": rows}
            case _:
                return None


def group(name: str, version: str) -> dict[str, Any]:
    preferred = {"groupVersion": f"{name}/{version}", "version": version}
    return {"name": name, "versions": [preferred], "preferredVersion": preferred}


def resources(kind: Kind) -> list[dict[str, Any]]:
    """Rows of discovery: the kind and its subresources."""
    main = {
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": kind.namespaced,
        "kind": kind.name,
        "verbs": [verb.value for verb in kind.verbs],
        "shortNames": list(kind.short_names),
        "categories": list(kind.categories),
    }
    below = [
        {**main, "name": f"{kind.plural}/{sub.name}", "verbs": [verb.value for verb in sub.verbs]}
        for sub in kind.subresources
    ]
    return [main, *below]


async def respond(send: Send, code: int, headers: Mapping[str, str], body: bytes) -> None:
    wire = [(b"content-type", b"application/json"), *((k.encode(), v.encode()) for k, v in headers.items())]
    await send({"type": "http.response.start", "status": code, "headers": wire})
    await send({"type": "http.response.body", "body": body})


@contextlib.asynccontextmanager
async def serving(app: Any, *, at: int = 0, **options: Any) -> AsyncGenerator[str]:
    """`app` on a loopback port, a free one or `at`; yields `host:port`. `options` go to uvicorn (TLS files)."""
    config = uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=0, **options)
    server = uvicorn.Server(config)
    # asyncio switches Nagle's algorithm off only on sockets that say they are TCP; with it, each answer takes 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", at))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn offers no event to wait on
            await asyncio.sleep(0.005)
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task
