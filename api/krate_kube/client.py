"""The client of a Kubernetes API server over HTTP/1.1: thin, because the server does the work."""

import random
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any, Self

import httpx2

from krate import errors
from krate.kinds import Kind
from krate_kube import answers, paths, sending, wire
from krate_kube.connections import Connection
from krate_kube.interface import Event, Listing, Object, PatchType, Propagation, Unreachable
from krate_kube.sending import Call

_JSON = {"Content-Type": "application/json"}
_OK = 400
"""Codes from here on are refusals; redirects are never followed, so that a token reaches no second host."""

WarningSink = Callable[[str], None]


def _no_warning(_text: str) -> None: ...


class HttpClient:
    """Speaks to one server as one identity; implements `krate_kube.interface.Client`.

    Requests and watches use two pools, so that many watches cannot starve requests.

    Args:
        connection: where, as whom, how patiently.
        transport: what carries the requests; the network by default.
        user_agent: name of the program; the server's default field manager is its part before the slash.
        on_warning: receives the text of each Warning header.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        user_agent: str = "krate/0.1",
        on_warning: WarningSink = _no_warning,
    ) -> None:
        self.connection = connection
        self._on_warning = on_warning
        tls = connection.tls() if transport is None and connection.server.startswith("https:") else False
        wait = connection.timeouts

        def pool(read: float, limits: httpx2.Limits) -> httpx2.AsyncClient:
            return httpx2.AsyncClient(
                transport=transport,
                verify=tls,
                trust_env=False,
                headers={"User-Agent": user_agent, "Accept-Encoding": "identity"},
                timeout=httpx2.Timeout(connect=wait.connect, read=read, write=wait.read, pool=wait.read),
                limits=limits,
            )

        self._requests = pool(wait.read, httpx2.Limits(max_connections=32, max_keepalive_connections=8))
        self._streams = pool(wait.watch, httpx2.Limits(max_connections=None, max_keepalive_connections=0))
        self._sender = sending.Sender(connection, self._requests)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._requests.aclose()
        await self._streams.aclose()

    async def _send(self, call: Call) -> bytes:
        answer = await self._sender.send(call)
        for warning in answer.headers.get_list("Warning"):
            self._on_warning(_warning_text(warning))
        if answer.status_code >= _OK:
            raise answers.refusal(answer.status_code, answer.content, retry_after=answer.headers.get("Retry-After", ""))
        return answer.content

    async def _send_object(self, call: Call) -> Object:
        return answers.loads(await self._send(call))

    async def get(self, kind: Kind, name: str, *, namespace: str = "") -> Object:
        return await self._send_object(Call("GET", paths.item(kind, name, namespace=namespace)))

    async def list(
        self,
        kind: Kind,
        *,
        namespace: str = "",
        labels: str = "",
        fields: str = "",
        limit: int = 0,
        continue_token: str = "",
    ) -> Listing:
        path = paths.collection(kind, namespace)
        params = _present(labelSelector=labels, fieldSelector=fields, limit=str(limit or ""))
        page = await self._page(path, {**params, **_present(**{"continue": continue_token})}, kind)
        if limit:
            return page
        items = list(page.items)
        while page.continue_token:
            page = await self._page(path, {**params, "continue": page.continue_token}, kind)
            items.extend(page.items)
        return Listing(items, page.resource_version)

    async def _page(self, path: str, params: Mapping[str, str], kind: Kind) -> Listing:
        body = await self._send_object(Call("GET", path, params))
        metadata = body.get("metadata") or {}
        # Servers leave kind and apiVersion out of the items of built-in lists; callers always find them.
        items = [{"apiVersion": kind.api_version, "kind": kind.name, **item} for item in body.get("items") or []]
        return Listing(items, str(metadata.get("resourceVersion") or ""), str(metadata.get("continue") or ""))

    async def watch(
        self,
        kind: Kind,
        *,
        namespace: str = "",
        resource_version: str = "",
        labels: str = "",
        fields: str = "",
    ) -> AsyncGenerator[Event]:
        params = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            # Spread over minutes, so that the watches of one start do not all end together (client-go: reflector.go).
            "timeoutSeconds": str(random.randint(300, 600)),  # noqa: S311 - spreads load
            **_present(resourceVersion=resource_version, labelSelector=labels, fieldSelector=fields),
        }
        server = self.connection.server.rstrip("/")
        try:
            async with self._streams.stream(
                "GET",
                server + paths.collection(kind, namespace),
                params=params,
                headers=sending.headers(self.connection, {}),
            ) as answer:
                if answer.status_code >= _OK:
                    retry_after = answer.headers.get("Retry-After", "")
                    raise answers.refusal(answer.status_code, await answer.aread(), retry_after=retry_after)
                async for line in answers.lines(answer.aiter_raw()):
                    yield answers.event(line)
        except httpx2.TransportError as failure:
            raise Unreachable(sending.explain(server, failure)) from failure

    async def create(
        self,
        kind: Kind,
        body: Mapping[str, Any],
        *,
        namespace: str = "",
        subresource: str = "",
        name: str = "",
        dry_run: bool = False,
        field_manager: str = "",
        field_validation: str = "",
    ) -> Object:
        where = namespace or _metadata(body).get("namespace", "")
        if subresource:
            path = paths.item(kind, name or _metadata(body).get("name", ""), namespace=where, subresource=subresource)
        else:
            path = paths.collection(kind, where)
        params = paths.write_options(dry_run=dry_run, field_manager=field_manager, field_validation=field_validation)
        return await self._send_object(Call("POST", path, params, wire.dumps(body), _JSON))

    async def update(
        self, kind: Kind, body: Mapping[str, Any], *, subresource: str = "", field_manager: str = ""
    ) -> Object:
        metadata = _metadata(body)
        path = paths.item(
            kind, metadata.get("name", ""), namespace=metadata.get("namespace", ""), subresource=subresource
        )
        params = paths.write_options(field_manager=field_manager)
        return await self._send_object(Call("PUT", path, params, wire.dumps(body), _JSON))

    async def patch(
        self,
        kind: Kind,
        name: str,
        patch: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        namespace: str = "",
        subresource: str = "",
        type: PatchType = PatchType.MERGE,  # noqa: A002 - the API's word
        field_manager: str = "",
        dry_run: bool = False,
        field_validation: str = "",
    ) -> Object:
        path = paths.item(kind, name, namespace=namespace, subresource=subresource)
        params = paths.write_options(dry_run=dry_run, field_manager=field_manager, field_validation=field_validation)
        return await self._send_object(Call("PATCH", path, params, wire.dumps(patch), {"Content-Type": str(type)}))

    async def delete(
        self,
        kind: Kind,
        name: str,
        *,
        namespace: str = "",
        propagation: Propagation | None = None,
        uid: str = "",
        resource_version: str = "",
    ) -> Object:
        preconditions = _present(uid=uid, resourceVersion=resource_version)
        options = _delete_options(propagation, {"preconditions": preconditions} if preconditions else {})
        path = paths.item(kind, name, namespace=namespace)
        return await self._send_object(Call("DELETE", path, None, options, _JSON))

    async def delete_collection(
        self,
        kind: Kind,
        *,
        namespace: str = "",
        labels: str = "",
        fields: str = "",
        propagation: Propagation | None = None,
    ) -> Sequence[Object]:
        params = _present(labelSelector=labels, fieldSelector=fields)
        path = paths.collection(kind, namespace)
        body = await self._send_object(Call("DELETE", path, params, _delete_options(propagation, {}), _JSON))
        return body.get("items") or []

    async def raw(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        if not path.startswith("/"):
            raise errors.BadRequest(f"a path of the server starts with a slash: {path!r}")
        return await self._send(Call(method.upper(), path, params, body, {"Accept": "*/*", **(headers or {})}))


def _present(**params: str) -> dict[str, str]:
    return {name: value for name, value in params.items() if value}


def _metadata(body: Mapping[str, Any]) -> Mapping[str, Any]:
    return body.get("metadata") or {}


def _delete_options(propagation: Propagation | None, extra: Mapping[str, Any]) -> bytes:
    policy = {"propagationPolicy": str(propagation)} if propagation else {}
    return wire.dumps({"apiVersion": "v1", "kind": "DeleteOptions", **policy, **extra})


def _warning_text(header: str) -> str:
    """The text of `299 - "text"` (RFC 7234, 5.5)."""
    text = header.partition('"')[2].rpartition('"')[0]
    return text.replace('\\"', '"').replace("\\\\", "\\") or header
