"""Tokens: who and until when, signed by one key, and nothing else is believed."""

import base64
import datetime
import json
import stat
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from krate_api.authn.tokens import ISSUER, Bound, Claims, TokenKeys

NOW = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
PEM = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()


def keys(folder: Path, *, seconds: float = 0) -> TokenKeys:
    return TokenKeys(folder / "tokens.key", lambda: NOW + datetime.timedelta(seconds=seconds))


def verified(folder: Path, token: str, **at: float) -> tuple[str, str] | None:
    """User name and uid in a token that is believed."""
    found = keys(folder, **at).verify(token)
    return (found.username, found.uid) if found else None


def claims(**more: Any) -> dict[str, Any]:
    """The claims of a good token."""
    now = int(NOW.timestamp())
    return {"iss": "https://kubernetes.default.svc", "sub": "alice", "uid": "u1", "iat": now, "exp": now + 60, **more}


def signed(folder: Path, **more: Any) -> str:
    """A token signed by the installation's own key, whatever it claims; a claim of None is left out."""
    key = serialization.load_pem_private_key((folder / "tokens.key").read_bytes(), None)
    assert isinstance(key, ed25519.Ed25519PrivateKey)
    said = {name: value for name, value in claims(**more).items() if value is not None}
    return jwt.encode(said, key, algorithm="EdDSA")


def test_minted(tmp_path: Path) -> None:
    """A token says who, which one, and until when; each is another one."""
    made = keys(tmp_path).mint("alice", uid="u1", seconds=60)
    assert made.expires == NOW + datetime.timedelta(seconds=60)
    assert verified(tmp_path, made.token) == ("alice", "u1")
    said = json.loads(base64.urlsafe_b64decode(made.token.split(".")[1] + "=="))
    assert len(said.pop("jti")) == 36
    assert said == claims()
    assert keys(tmp_path).mint("alice", uid="u1", seconds=60).token != made.token


def test_minted_for_an_account(tmp_path: Path) -> None:
    """The token of a ServiceAccount says for whom it is and what it is bound to, in upstream's claims."""
    secret = Bound("s", "u3")
    made = keys(tmp_path).mint_account("acme", Bound("robot", "u2"), seconds=60, audiences=("vault",), secret=secret)
    said = json.loads(base64.urlsafe_b64decode(made.token.split(".")[1] + "=="))
    token_id = said.pop("jti")
    username = "system:serviceaccount:acme:robot"
    account = {
        "namespace": "acme",
        "serviceaccount": {"name": "robot", "uid": "u2"},
        "secret": {"name": "s", "uid": "u3"},
    }
    assert said == claims(sub=username, uid="u2", aud=["vault"]) | {"kubernetes.io": account}
    assert keys(tmp_path).verify(made.token) == Claims(username, "u2", ("vault",), secret, token_id)


def test_audience_of_old(tmp_path: Path) -> None:
    """A token without an audience is meant for this server."""
    found = keys(tmp_path).verify(keys(tmp_path).mint("alice", uid="u1", seconds=60).token)
    assert found is not None
    assert (found.audiences, found.secret) == ((ISSUER,), None)


def test_key_is_private_and_stays(tmp_path: Path) -> None:
    """The key is made once, for its owner's eyes only."""
    keys(tmp_path)
    before = (tmp_path / "tokens.key").read_bytes()
    keys(tmp_path)
    assert (tmp_path / "tokens.key").read_bytes() == before
    assert stat.S_IMODE((tmp_path / "tokens.key").stat().st_mode) == 0o600


def test_key_of_another_sort(tmp_path: Path) -> None:
    """A key that is none of ours is not used."""
    (tmp_path / "tokens.key").write_bytes(ec.generate_private_key(ec.SECP256R1()).private_bytes(*PEM))
    with pytest.raises(TypeError, match="holds no Ed25519 key"):
        keys(tmp_path)


@pytest.mark.parametrize(("seconds", "good"), [(0, True), (59.9, True), (60, False), (3600, False), (-3600, True)])
def test_time(tmp_path: Path, seconds: float, good: bool) -> None:  # noqa: FBT001 - a column of the table
    """A token stops at its second; a clock that was set back does not lock anybody out."""
    made = keys(tmp_path).mint("alice", uid="u1", seconds=60)
    assert verified(tmp_path, made.token, seconds=seconds) == (("alice", "u1") if good else None)


CLAIMS: dict[str, tuple[dict[str, Any], Any]] = {
    "good": ({}, ("alice", "u1")),
    "no uid": ({"uid": None}, ("alice", "")),
    "no subject": ({"sub": None}, None),
    "a subject that is no text": ({"sub": 5}, None),
    "no end": ({"exp": None}, None),
    "no beginning": ({"iat": None}, None),
    "another issuer": ({"iss": "https://evil.example.com"}, None),
    "no issuer": ({"iss": None}, None),
    "not yet": ({"nbf": 4_000_000_000}, None),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_claims(tmp_path: Path, name: str) -> None:
    """Even what we have signed must say everything."""
    keys(tmp_path)
    more, want = CLAIMS[name]
    assert verified(tmp_path, signed(tmp_path, **more)) == want


def encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def test_forgeries(tmp_path: Path) -> None:
    """Other keys, other algorithms, no signature, and the public key as a shared secret: nothing is believed."""
    good = keys(tmp_path).mint("alice", uid="u1", seconds=60).token
    header, body, signature = good.split(".")
    private = serialization.load_pem_private_key((tmp_path / "tokens.key").read_bytes(), None)
    assert isinstance(private, ed25519.Ed25519PrivateKey)
    public = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    forged = {
        "another key": jwt.encode(claims(), ed25519.Ed25519PrivateKey.generate(), algorithm="EdDSA"),
        "no algorithm": f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{body}.",
        "unsigned": f"{header}.{body}.",
        "shared secret": jwt.encode(claims(), public, algorithm="HS256"),
        "another body": f"{header}.{encoded(claims(sub='krate-admin'))}.{signature}",
        "another header": f"{encoded({'alg': 'EdDSA', 'typ': 'JWT', 'kid': '../../etc/passwd'})}.{body}.{signature}",
        "an unknown critical header": f"{encoded({'alg': 'EdDSA', 'crit': ['x'], 'x': 1})}.{body}.{signature}",
        "cut off": good[:-4],
        "nothing": "",
        "dots": "..",
        "a body that is no object": f"{header}.{encoded([])}.{signature}",
    }
    assert {name for name, token in forged.items() if keys(tmp_path).verify(token) is not None} == set()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(), st.lists(st.binary(max_size=40), min_size=3, max_size=3).map(
    lambda parts: ".".join(base64.urlsafe_b64encode(part).decode() for part in parts))))  # fmt: skip
def test_any_text_is_no_token(tmp_path: Path, token: str) -> None:
    """Whatever comes in place of a token is refused, never an error."""
    assert keys(tmp_path).verify(token) is None
