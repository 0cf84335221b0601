"""The HTTP client's own promises: patience, identity, trace, trust and honest errors."""

import asyncio
from collections.abc import Callable

import httpx2
import orjson
import pytest

import factories
import kube_server
from http_scripts import BUSY, OBJECT, Answer, Script, answer, client_for
from krate import correlation, errors, kinds
from krate_kube.client import HttpClient
from krate_kube.connections import Connection, Retries, fixed_token
from krate_kube.interface import EventType, Unreachable
from krate_kube.memory import MemoryClient

CONFIG_MAP = kinds.CONFIG_MAP


async def read(client: HttpClient) -> object:
    return await client.get(CONFIG_MAP, "settings", namespace="acme")


async def write(client: HttpClient) -> object:
    return await client.create(CONFIG_MAP, factories.make_config_map())


OK = answer(200, OBJECT)
DOWN, CUT = httpx2.ConnectError("refused"), httpx2.RemoteProtocolError("cut")
WAIT = {"Retry-After": "0"}


@pytest.mark.parametrize(
    ("call", "answers", "sent"),
    [
        (read, [answer(429, BUSY, **WAIT), OK], 2),
        (write, [answer(503, BUSY, **WAIT), answer(429, BUSY), OK], 3),
        (write, [DOWN, DOWN, OK], 3),
        (read, [CUT, OK], 2),
    ],
    ids=["429 read", "503 and 429 write", "no connection", "cut read"],
)
async def test_patience(call: Callable, answers: list[Answer], sent: int) -> None:
    """What the server did not act upon is sent again, and the answer in the end is the answer."""
    script = Script(*answers)
    async with client_for(script) as client:
        assert await call(client) == OBJECT
    assert len(script.requests) == sent


@pytest.mark.parametrize(
    ("call", "answers", "error", "sent"),
    [
        (write, [CUT], Unreachable, 1),
        (read, [CUT, CUT, CUT], Unreachable, 3),
        (write, [answer(503, {})], errors.ServiceUnavailable, 1),
        (read, [answer(503, {}, **{"Retry-After": "3600"})], errors.ServiceUnavailable, 1),
        (read, [answer(429, BUSY)] * 3, errors.TooManyRequests, 3),
        (write, [answer(409, errors.Conflict(retry_after=1).status())], errors.Conflict, 1),
    ],
    ids=["cut write", "always cut", "503 without a date", "too long a wait", "always busy", "conflict"],
)
async def test_limits_of_patience(call: Callable, answers: list[Answer], error: type[Exception], sent: int) -> None:
    """A write that may have happened is not repeated, and no request is repeated for ever."""
    script = Script(*answers)
    async with client_for(script) as client:
        with pytest.raises(error):
            await call(client)
    assert len(script.requests) == sent


@pytest.mark.parametrize(
    ("code", "content", "error", "message"),
    [
        (404, b"404 page not found", errors.NotFound, "the server could not find the requested resource"),
        (502, b"<html>bad gateway</html>", errors.StatusError, "<html>bad gateway</html>"),
        (500, b"", errors.InternalError, "the server answered 500"),
        (403, b'{"detail": "no"}', errors.Forbidden, '{"detail": "no"}'),
        (200, b"not json", errors.InternalError, "Internal error occurred: the server's answer is not JSON"),
    ],
    ids=["text 404", "proxy", "empty", "foreign json", "broken success"],
)
async def test_answers_that_are_no_status(
    code: int, content: bytes, error: type[errors.StatusError], message: str
) -> None:
    """Whatever stands in the way, the caller gets an error of the API with what was said."""
    async with client_for(Script(httpx2.Response(code, content=content))) as client:
        with pytest.raises(error) as raised:
            await read(client)
    assert type(raised.value) is error
    assert raised.value.message.startswith(message)


async def test_identity_and_trace() -> None:
    """Each request carries the token of the moment, the correlation id that is bound, and no proxy of the machine."""
    script = Script(OK, answer(200, OBJECT))
    tokens = iter(["first", "second"])
    async with client_for(script, token=lambda: next(tokens)) as client:
        with correlation.bound("abc123"):
            await read(client)
        await write(client)
    seen = [
        (request.headers.get("Authorization"), request.headers.get(correlation.HEADER), request.headers["User-Agent"])
        for request in script.requests
    ]
    assert seen == [("Bearer first", "abc123", "krate/0.1"), ("Bearer second", None, "krate/0.1")]


async def test_secrets_stay_out_of_text() -> None:
    """A connection that is printed shows no credential."""
    connection = Connection("https://k.example", token=fixed_token("s3cret"), certificate="CERT", key="s3cret")
    assert "s3cret" not in repr(connection)


async def test_warnings_reach_the_caller() -> None:
    """Warning headers of a success are handed over as text."""
    heard: list[str] = []
    headers = [("Warning", '299 - "unknown field \\"spec.x\\""'), ("Warning", '299 - "another"')]
    script = Script(httpx2.Response(201, content=orjson.dumps(OBJECT), headers=headers))
    async with HttpClient(Connection("https://k.example"), transport=script, on_warning=heard.append) as client:
        await write(client)
    assert heard == ['unknown field "spec.x"', "another"]


async def test_redirects_are_not_followed() -> None:
    """A redirect is an answer like any other: the token goes to no second host."""
    script = Script(httpx2.Response(302, headers={"Location": "https://evil.example"}), OK)
    async with client_for(script, token=fixed_token("t")) as client:
        await client.raw("GET", "/version")
    assert [request.url.host for request in script.requests] == ["k.example"]


async def test_raw_answers_bytes() -> None:
    """`raw` takes any path with its parameters and answers the body as it is."""
    script = Script(httpx2.Response(200, content=b"\x00\xff"))
    async with client_for(script) as client:
        body = await client.raw("get", "/apis/x/blob", params={"ref": "main", "path": "a b"})
        with pytest.raises(errors.BadRequest, match="starts with a slash"):
            await client.raw("GET", "https://evil.example/")
    request = script.requests[0]
    assert (body, request.method, str(request.url)) == (
        b"\x00\xff",
        "GET",
        "https://k.example/apis/x/blob?ref=main&path=a+b",
    )


def page(*names: str, token: str = "") -> httpx2.Response:
    items = [{"metadata": {"name": name}} for name in names]
    return answer(200, {"metadata": {"resourceVersion": "9", "continue": token}, "items": items})


async def test_a_whole_list_of_pages() -> None:
    """A server that pages although it was not asked to is followed to the end; items get their kind."""
    script = Script(page("a", token="next"), page("b"))
    async with client_for(script) as client:
        listing = await client.list(CONFIG_MAP, labels="tier=one")
    assert [found["metadata"]["name"] for found in listing.items] == ["a", "b"]
    assert (listing.items[0]["kind"], listing.resource_version, listing.continue_token) == ("ConfigMap", "9", "")
    assert [request.url.query.decode() for request in script.requests] == [
        "labelSelector=tier%3Done",
        "labelSelector=tier%3Done&continue=next",
    ]


async def test_an_expired_page_says_how_to_go_on() -> None:
    """The token of an expired list reaches the caller."""
    gone = errors.Expired(continue_token="inconsistent").status()
    async with client_for(Script(answer(410, gone))) as client:
        with pytest.raises(errors.Expired) as expired:
            await client.list(CONFIG_MAP, limit=1, continue_token="old")
    assert expired.value.continue_token == "inconsistent"


async def test_paths_of_subresources() -> None:
    """Create posts to an object's subresource; a name or namespace that is missing is a mistake of the caller."""
    script = Script(answer(201, OBJECT))
    async with client_for(script) as client:
        call = {"namespace": "acme", "name": "web-1", "subresource": "merge"}
        await client.create(kinds.PULL_REQUEST, {"kind": "PullRequestMerge"}, **call)
        for wrong in ({"namespace": "acme", "name": ""}, {"namespace": "", "name": "web-1"}):
            with pytest.raises(ValueError, match=r"is empty|lives in a namespace"):
                await client.get(kinds.PULL_REQUEST, **wrong)
    path = "/apis/forge.krate.a5c.ai/v1alpha1/namespaces/acme/pullrequests/web-1/merge"
    assert (script.requests[0].method, script.requests[0].url.path) == ("POST", path)


async def test_names_cannot_leave_their_path() -> None:
    """Slashes and dots in a name are part of the name, not of the path."""
    script = Script(answer(200, OBJECT))
    async with client_for(script) as client:
        await client.get(kinds.CLUSTER_ROLE, "a/../../secrets?x=1")
    assert script.requests[0].url.raw_path == (
        b"/apis/rbac.authorization.k8s.io/v1/clusterroles/a%2F..%2F..%2Fsecrets%3Fx%3D1"
    )


async def test_nobody_listens() -> None:
    """A server that is not there is Unreachable, with its address."""
    with pytest.raises(Unreachable, match=r"cannot connect to http://127\.0\.0\.1:1"):
        async with HttpClient(Connection("http://127.0.0.1:1", retries=Retries(attempts=1))) as client:
            await read(client)


async def test_many_watches_do_not_starve_requests() -> None:
    """More open watches than the request pool is wide leave requests answered at once."""
    async with (
        kube_server.serving(kube_server.KubeApp(MemoryClient(namespaces=["acme"]))) as address,
        HttpClient(Connection(f"http://{address}")) as client,
    ):
        watches = [client.watch(CONFIG_MAP) for _ in range(40)]
        for stream in watches:
            assert (await anext(stream)).type is EventType.BOOKMARK
        async with asyncio.timeout(5):
            assert await client.raw("GET", "/version")
        for stream in watches:
            await stream.aclose()
