"""The HTTP client's own promises: patience, identity, trace, trust and honest errors."""

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path

import httpx2
import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import factories
import kube_server
from krate import correlation, errors, kinds
from krate_kube.client import HttpClient
from krate_kube.connections import Connection, Retries, fixed_token
from krate_kube.interface import EventType, Unreachable
from krate_kube.memory import MemoryClient

CONFIG_MAP = kinds.CONFIG_MAP
OBJECT = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "acme"}}
BUSY = errors.TooManyRequests(retry_after=0).status()

Answer = httpx2.Response | Exception


class Script(httpx2.AsyncBaseTransport):
    """A transport that answers from a list and records the requests."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx2.Request] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await request.aread()
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def client_for(script: Script, **options: object) -> HttpClient:
    retries = Retries(attempts=3, base=0.001)
    return HttpClient(Connection("https://k.example", retries=retries, **options), transport=script)


def answer(code: int, body: object, **headers: str) -> httpx2.Response:
    return httpx2.Response(code, content=orjson.dumps(body), headers=headers)


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
        (404, b"404 page not found", errors.NotFound, "the server could not find the requested resource."),
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


class Chunks(httpx2.AsyncByteStream):
    """A body in pieces; it ends with an error when asked to."""

    def __init__(self, *pieces: bytes, failure: Exception | None = None) -> None:
        self.pieces, self.failure = pieces, failure

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece
        if self.failure is not None:
            raise self.failure


def frame(name: str, text: str = "") -> bytes:
    found = {**OBJECT, "metadata": {"name": name, "resourceVersion": "7"}, "data": {"text": text}}
    return orjson.dumps({"type": "ADDED", "object": found}) + b"\n"


async def watched(stream: Chunks) -> tuple[list[str], Exception | None]:
    """Names that a watch reports, and how it ended."""
    seen: list[str] = []
    async with client_for(Script(httpx2.Response(200, stream=stream))) as client:
        try:
            async with aclosing(client.watch(CONFIG_MAP)) as events:
                async for event in events:
                    assert event.type is EventType.ADDED
                    seen.append(event.object["metadata"]["name"])
        except (Unreachable, errors.StatusError) as failure:
            return seen, failure
    return seen, None


async def test_watch_frames_of_any_cut() -> None:
    """Frames may arrive in any pieces, and a line separator inside a string ends no frame."""
    whole = frame("a", "x\u2028y\u0085z\x0b") + frame("b")
    for size in (1, 7, len(whole)):
        pieces = [whole[start : start + size] for start in range(0, len(whole), size)]
        assert await watched(Chunks(*pieces)) == (["a", "b"], None)


async def test_watch_that_breaks() -> None:
    """A connection that breaks is Unreachable; what came whole was reported, half a frame was not."""
    seen, failure = await watched(Chunks(frame("a"), frame("b")[:20], failure=httpx2.ReadError("reset")))
    assert (seen, type(failure)) == (["a"], Unreachable)


async def test_watch_error_in_stream() -> None:
    """An ERROR frame raises the error it holds."""
    status = errors.Expired("too old resource version: 1 (9)").status()
    line = orjson.dumps({"type": "ERROR", "object": status}) + b"\n"
    seen, failure = await watched(Chunks(frame("a"), line))
    assert (seen, type(failure), str(failure)) == (["a"], errors.Expired, "too old resource version: 1 (9)")


async def test_watch_refused() -> None:
    """A watch that may not be opened raises the refusal."""
    refused = answer(403, errors.Forbidden("no").status())
    async with client_for(Script(refused)) as client:
        with pytest.raises(errors.Forbidden):
            await anext(client.watch(CONFIG_MAP))


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


class Authority:
    """A certificate authority for one test."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._sign("krate-test-ca", self.key, None)

    def _sign(self, name: str, key: ec.EllipticCurvePrivateKey, issuer: x509.Name | None) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder(subject_name=subject, issuer_name=issuer or subject, public_key=key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        if issuer is not None:
            address = x509.IPAddress(__import__("ipaddress").ip_address("127.0.0.1"))
            builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
        else:
            usage = x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=True,
                crl_sign=True,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            )
            builder = builder.add_extension(usage, critical=True)
        return builder.sign(self.key, hashes.SHA256())

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def issue(self, name: str) -> tuple[str, str]:
        """Certificate and key, PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        certificate = self._sign(name, key, self.certificate.subject)
        return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


async def test_tls_with_client_certificate(tmp_path: Path) -> None:
    """The server is verified against the CA given, and it sees our certificate; nothing secret stays on disk."""
    authority = Authority()
    certificate, key = authority.issue("server")
    files = {"ssl_certfile": "crt", "ssl_keyfile": "key", "ssl_ca_certs": "ca"}
    for name, content in zip(files.values(), (certificate, key, authority.pem), strict=True):
        (tmp_path / name).write_text(content)
    options = {option: str(tmp_path / name) for option, name in files.items()}
    mine, my_key = authority.issue("alice")
    async with kube_server.serving(
        kube_server.KubeApp(MemoryClient()), ssl_cert_reqs=ssl.CERT_REQUIRED, **options
    ) as address:
        url = f"https://{address}"
        async with HttpClient(Connection(url, ca=authority.pem, certificate=mine, key=my_key)) as client:
            assert orjson.loads(await client.raw("GET", "/version"))["major"] == "1"
        once = Retries(attempts=1)
        for stranger in (
            Connection(url, ca=authority.pem, retries=once),
            Connection(url, ca=Authority().pem, certificate=mine, key=my_key, retries=once),
        ):
            async with HttpClient(stranger) as client:
                with pytest.raises(Unreachable):
                    await client.raw("GET", "/version")
