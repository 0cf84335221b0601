"""Who asks: certificates and tokens of this installation alone, and nothing that a client merely says."""

import base64
import datetime
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

import api_users
import served_api
from api_answers import AnyText, failure
from krate import clock, kinds
from krate.names import CREDENTIAL_ID
from krate_api.authn.certificates import Authority
from krate_api.authn.tokens import TokenKeys
from served_api import API, ServedAPI

REVIEW = kinds.SELF_SUBJECT_REVIEW
BODY = {**served_api.typed(REVIEW), "metadata": {}}


BY_CERTIFICATE = {"extra": {CREDENTIAL_ID: [AnyText("X509SHA256=[0-9a-f]{64}")]}}
BY_TOKEN = {"extra": {CREDENTIAL_ID: [AnyText("JTI=[0-9a-f-]{36}")]}}


def who(client: API, **headers: str) -> dict[str, Any] | int:
    """What `kubectl auth whoami` prints, or the code of the refusal."""
    answer = client.post(served_api.collection(REVIEW), json=BODY, headers=headers)
    return answer.json()["status"]["userInfo"] if answer.status_code == 201 else answer.status_code


@pytest.fixture(scope="module")
def token(admin: API) -> str:
    return api_users.token(admin, "alice")


@pytest.fixture
def alice(served: ServedAPI, token: str) -> Iterator[API]:
    with served.client(token=token) as client:
        yield client


def test_certificate(admin: API) -> None:
    """A client certificate of our authority: the common name, its organisations, and everybody's group."""
    assert (
        who(admin) == {"username": "krate-admin", "groups": ["system:masters", "system:authenticated"]} | BY_CERTIFICATE
    )


def test_token(alice: API, admin: API) -> None:
    """A token: the user it was made for, with their uid."""
    uid = admin.read(kinds.USER, "alice").json()["metadata"]["uid"]
    assert who(alice) == {"username": "alice", "groups": ["system:authenticated"], "uid": uid} | BY_TOKEN


def test_basic(served: ServedAPI, token: str) -> None:
    """Git's credentials: the user name with the token as password; another name is refused."""
    with served.client() as client:
        for name, want in (("alice", "alice"), ("bob", 401), ("", 401)):
            basic = base64.b64encode(f"{name}:{token}".encode()).decode()
            found = who(client, authorization=f"Basic {basic}")
            assert (found if isinstance(found, int) else found["username"]) == want


def test_service_account(served: ServedAPI) -> None:
    """A controller's account: its user name and the groups of service accounts."""
    token = served.run(lambda: served.core.identities.mint_service_account("krate-system", "krate-hosted", 600))
    assert token
    with served.client(token=token) as client:
        found = who(client)
    assert isinstance(found, dict)
    assert (found["username"], found["groups"]) == (
        "system:serviceaccount:krate-system:krate-hosted",
        ["system:serviceaccounts", "system:serviceaccounts:krate-system", "system:authenticated"],
    )


def test_certificate_before_token(served: ServedAPI, token: str) -> None:
    """The connection's certificate decides when both are there."""
    pair = served.core.authority.issue("carol", organisations=["crew"])
    with served.client(token=token, pair=pair) as client:
        assert who(client) == {"username": "carol", "groups": ["crew", "system:authenticated"]} | BY_CERTIFICATE


def test_nobody(nobody: API) -> None:
    """No credentials: anonymous, who may look at health and version and at nothing else."""
    assert who(nobody) == 403
    codes = {
        path: nobody.get(path).status_code for path in ("/healthz", "/livez", "/readyz", "/version", "/api", "/apis")
    }
    assert codes == {"/healthz": 200, "/livez": 200, "/readyz": 200, "/version": 200, "/api": 403, "/apis": 403}


def forged(served: ServedAPI, **claims: Any) -> str:
    """A token signed with somebody else's key."""
    now = int(clock.system().timestamp())
    base = {"iss": "https://kubernetes.default.svc", "sub": "alice", "uid": "x", "iat": now, "exp": now + 600}
    return jwt.encode({**base, **claims}, ed25519.Ed25519PrivateKey.generate(), algorithm="EdDSA")


def resigned(served: ServedAPI, **claims: Any) -> str:
    """A token of the right key with other claims, which only a bug could make."""
    keys = TokenKeys(served.core.settings.pki / "tokens.key", served.clock)
    now = int(served.clock().timestamp())
    base = {"iss": "https://kubernetes.default.svc", "sub": "alice", "uid": "x", "iat": now, "exp": now + 600}
    whole = {key: value for key, value in {**base, **claims}.items() if value is not None}
    return jwt.encode(whole, keys._key, algorithm="EdDSA")


def unsigned(served: ServedAPI) -> str:
    """A token that says it needs no signature."""
    parts = (
        {"alg": "none", "typ": "JWT"},
        {"sub": "alice", "exp": 2**40, "iat": 0, "iss": "https://kubernetes.default.svc"},
    )
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, ""])


def confused(served: ServedAPI) -> str:
    """A token signed with the public key as if it were a shared secret (algorithm confusion)."""
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=").decode()
    claims = base64.urlsafe_b64encode(b'{"sub":"alice","exp":1099511627776}').rstrip(b"=").decode()
    return f"{header}.{claims}.c2lnbmF0dXJl"


def altered(served: ServedAPI) -> str:
    """A good token with one letter of its claims changed."""
    head, claims, signature = resigned(served).split(".")
    return ".".join([head, claims[:-2] + ("A" if claims[-2] != "A" else "B") + claims[-1], signature])


BAD: dict[str, Callable[[ServedAPI], str]] = {
    "nothing after the word": lambda _: "Bearer",
    "no token": lambda _: "Bearer nonsense",
    "three dots": lambda _: "Bearer a.b.c",
    "another scheme": lambda _: "Digest abc",
    "no scheme": lambda _: "abc",
    "basic rubbish": lambda _: "Basic ???",
    "basic without colon": lambda _: "Basic " + base64.b64encode(b"alice").decode(),
    "basic of other bytes": lambda _: "Basic " + base64.b64encode(b"\xff\xfe:x").decode(),
    "signed by another key": lambda served: "Bearer " + forged(served),
    "unsigned": lambda served: "Bearer " + unsigned(served),
    "signed with the public key": lambda served: "Bearer " + confused(served),
    "altered": lambda served: "Bearer " + altered(served),
    "of another uid": lambda served: "Bearer " + resigned(served),
    "without a user": lambda served: "Bearer " + resigned(served, sub=None),
    "of an unknown user": lambda served: "Bearer " + resigned(served, sub="nobody-here"),
    "of another issuer": lambda served: "Bearer " + resigned(served, iss="https://elsewhere"),
    "without an end": lambda served: "Bearer " + resigned(served, exp=None),
    "of a service account without parts": lambda served: "Bearer " + resigned(served, sub="system:serviceaccount:x"),
    "of a service account that is none": lambda served: "Bearer " + resigned(served, sub="system:serviceaccount:a:b"),
    "of the anonymous user": lambda served: "Bearer " + resigned(served, sub="system:anonymous"),
    "of an administrator": lambda served: "Bearer " + resigned(served, sub="krate-admin"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_credentials(served: ServedAPI, nobody: API, token: str, name: str) -> None:
    """Credentials that are not valid are refused, never taken for absent ones, not even where anybody may look."""
    headers = {"authorization": BAD[name](served)}
    for path in (served_api.collection(kinds.CONFIG_MAP), "/version", "/healthz", "/nothing"):
        answer = nobody.get(path, headers=headers)
        assert (answer.status_code, failure(answer)) == (401, {"message": "Unauthorized", "reason": "Unauthorized"})
        assert answer.headers["www-authenticate"] == 'Bearer realm="krate"'


def test_expired(served: ServedAPI, admin: API) -> None:
    """A token works until its end and not a second longer."""
    token = api_users.token(admin, "eve", seconds=60)
    with served.client(token=token) as eve:
        with served.clock.later(seconds=55):
            assert isinstance(who(eve), dict)
        with served.clock.later(seconds=61):
            assert who(eve) == 401
        assert isinstance(who(eve), dict)


def test_suspended(served: ServedAPI, admin: API) -> None:
    """A suspended user is refused at once with every token, and let in again when the suspension ends."""
    token = api_users.token(admin, "sam")
    with served.client(token=token) as sam:
        for suspended, want in ((False, "sam"), (True, 401), (False, "sam")):
            assert admin.change(kinds.USER, "sam", {"spec": {"suspended": suspended}}).status_code == 200
            found = who(sam)
            assert (found if isinstance(found, int) else found["username"]) == want
    assert admin.change(kinds.USER, "sam", {"spec": {"suspended": True}}).status_code == 200
    for sub in ("token", "signin", "password"):
        ask = {"apiVersion": kinds.USER.api_version, "kind": f"User{sub.capitalize()}"}
        answer = admin.post(served_api.item(kinds.USER, "sam", subresource=sub), json=ask)
        assert (answer.status_code, answer.json()["reason"]) == (403, "Forbidden")


REMOTE = {
    "X-Remote-User": "krate-admin",
    "X-Remote-Group": "system:masters",
    "X-Remote-Uid": "1",
    "X-Remote-Extra-Scopes": "all",
    "X_Remote_User": "krate-admin",
    "x-remote-group": "system:masters",
    "X-Forwarded-User": "krate-admin",
    "X-Webauth-User": "krate-admin",
    "Remote-User": "krate-admin",
    "X-Forwarded-For": "127.0.0.1",
    "Forwarded": "for=127.0.0.1;proto=https",
}


def test_said_identities_are_ignored(nobody: API, alice: API) -> None:
    """Nobody becomes anybody by saying so in a header."""
    assert who(nobody, **REMOTE) == 403
    found = who(alice, **REMOTE)
    assert isinstance(found, dict)
    assert (found["username"], found["groups"]) == ("alice", ["system:authenticated"])


def test_certificate_of_another_authority(served: ServedAPI, tmp_path: Path) -> None:
    """A certificate that somebody else signed, with the same names, opens no connection."""
    stranger = Authority(tmp_path / "pki", clock.system)
    pair = stranger.issue("krate-admin", organisations=["system:masters"])
    with served.client(pair=pair) as client, pytest.raises((httpx2.TransportError, ssl.SSLError)):
        client.get("/version")


def test_expired_certificate(served: ServedAPI) -> None:
    """A certificate of ours that has run out opens no connection."""
    with served.clock.later(days=-400):
        pair = served.core.authority.issue("krate-admin", organisations=["system:masters"])
    with served.client(pair=pair) as client, pytest.raises((httpx2.TransportError, ssl.SSLError)):
        client.get("/version")


def test_serving_certificate_is_no_identity(served: ServedAPI) -> None:
    """The server's own certificate is for serving, not for asking."""
    pair = served.core.authority.issue("krate-admin", hosts=["127.0.0.1"], server=True)
    with served.client(pair=pair) as client, pytest.raises((httpx2.TransportError, ssl.SSLError)):
        client.get("/version")


def test_old_protocols(served: ServedAPI) -> None:
    """Nothing older than TLS 1.2 is spoken, and no plain HTTP."""
    where = urlsplit(served.url)
    assert where.hostname is not None
    assert where.port is not None
    context = served.trust()
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with (
        socket.create_connection((where.hostname, where.port)) as plain,
        context.wrap_socket(plain, server_hostname=where.hostname) as tls,
    ):
        assert tls.version() in {"TLSv1.2", "TLSv1.3"}
    with socket.create_connection((where.hostname, where.port)) as plain:
        plain.settimeout(5)
        plain.sendall(b"GET /version HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            answer = plain.recv(100)
        except ConnectionResetError:
            answer = b""
        assert not answer.startswith(b"HTTP/1.1 2")


def test_token_is_no_cookie_and_no_parameter(served: ServedAPI, nobody: API, token: str) -> None:
    """The API takes tokens from the Authorization header alone."""
    assert who(nobody, cookie=f"token={token}; session={token}; krate={token}") == 403
    path = served_api.collection(REVIEW)
    for name in ("access_token", "token"):
        assert nobody.post(path, json=BODY, params={name: token}).status_code == 403


def test_tokens_last_as_long_as_they_say(served: ServedAPI, admin: API) -> None:
    """A token's end is told with it; asked-for lifetimes are bounded."""
    api_users.token(admin, "tim")
    path = served_api.item(kinds.USER, "tim", subresource="token")
    for seconds, code in ((60, 201), (86400, 201), (59, 422), (86401, 422), (-1, 422), ("x", 422)):
        ask = {"apiVersion": kinds.USER.api_version, "kind": "UserToken", "spec": {"expirationSeconds": seconds}}
        answer = admin.post(path, json=ask)
        assert answer.status_code == code, seconds
        if code == 201:
            ends = datetime.datetime.fromisoformat(answer.json()["status"]["expirationTimestamp"])
            left = ends - clock.system()
            assert abs(left - datetime.timedelta(seconds=int(seconds))) < datetime.timedelta(seconds=30)
