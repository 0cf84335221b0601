"""The installation's certificate authority: files, renewal, and what becomes of them after a crash or a mishap."""

import datetime
import hashlib
import ipaddress
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID

from krate import clock
from krate.identity import Caller
from krate_api import tls
from krate_api.authn import certificates
from krate_api.authn.certificates import Authority

HOSTS = ["127.0.0.1", "localhost"]
NOW = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)


@pytest.fixture
def pki(tmp_path: Path) -> Path:
    return tmp_path / "pki"


def authority(pki: Path, *, days: int = 0) -> Authority:
    return Authority(pki, lambda: NOW + datetime.timedelta(days=days))


def served(made: Authority, hosts: list[str] = HOSTS) -> x509.Certificate:
    """The serving certificate, which OpenSSL takes together with its key, and which the authority has signed."""
    certificate, key = made.server_files(hosts)
    tls.server_context(certificate, key, made.certificate_file)
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    found.verify_directly_issued_by(x509.load_pem_x509_certificate(made.certificate))
    return found


def test_files_are_private(pki: Path) -> None:
    """Only the owner reads what the authority writes, and nothing half-written stays behind."""
    authority(pki).server_files(HOSTS)
    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in pki.iterdir()}
    assert found == dict.fromkeys(("ca.crt", "ca.key", "apiserver.crt", "apiserver.key"), 0o600)
    assert stat.S_IMODE(pki.stat().st_mode) == 0o700


def test_authority_stays(pki: Path) -> None:
    """The authority is made once."""
    first, second = authority(pki), authority(pki, days=100)
    assert first.certificate == second.certificate
    found = x509.load_pem_x509_certificate(first.certificate)
    basic = found.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)
    usage = found.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.crl_sign, usage.key_encipherment) == (True, True, False)
    assert found.not_valid_after_utc - NOW == datetime.timedelta(days=3650)


def test_lost_certificate_is_made_again(pki: Path) -> None:
    """A lost certificate is made again for the same key: what was signed before is still trusted."""
    signed = authority(pki).issue("alice")
    (pki / "ca.crt").unlink()
    again = x509.load_pem_x509_certificate(authority(pki).certificate)
    x509.load_pem_x509_certificate(signed.certificate).verify_directly_issued_by(again)


def test_certificate_of_another_key_is_refused(pki: Path, tmp_path: Path) -> None:
    """A certificate that is not the key's would sign what nobody trusts: said at once."""
    authority(pki)
    other = authority(tmp_path / "other")
    (pki / "ca.crt").write_bytes(other.certificate)
    with pytest.raises(ValueError, match=r"ca\.crt does not belong to .*ca\.key"):
        authority(pki)


def test_key_of_another_sort_is_refused(pki: Path) -> None:
    """A key that is none of ours is not used."""
    authority(pki)
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (pki / "ca.key").write_bytes(ed25519.Ed25519PrivateKey.generate().private_bytes(*pem))
    with pytest.raises(TypeError, match="holds no EC key"):
        authority(pki)


def test_serving_certificate(pki: Path) -> None:
    """It names its hosts, serves and nothing else, and stays while it is good."""
    found = served(authority(pki))
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(names) == [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
    usage = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert served(authority(pki, days=300)) == found
    assert served(authority(pki), ["localhost"]) == found


RENEWALS = {"soon over": (340, HOSTS), "over": (400, HOSTS), "another host": (0, [*HOSTS, "krate.example.com"])}


@pytest.mark.parametrize("name", RENEWALS)
def test_renewal(pki: Path, name: str) -> None:
    """A certificate that is soon over, or names other hosts, is made anew."""
    days, hosts = RENEWALS[name]
    before = served(authority(pki))
    after = served(authority(pki, days=days), hosts)
    assert after != before
    assert after.not_valid_after_utc == NOW + datetime.timedelta(days=days + 365)


def test_long_host(pki: Path) -> None:
    """A host name longer than a common name may be is served all the same."""
    host = ".".join(["very-long-name"] * 8)
    assert (
        x509.DNSName(host)
        in served(authority(pki), [host]).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    )


MISHAPS = {
    "key of a crashed renewal": lambda pki, other: (pki / "apiserver.key").write_bytes(other.issue("x").key),
    "certificate of another authority": lambda pki, other: (pki / "apiserver.crt").write_bytes(
        other.issue("x", hosts=HOSTS, server=True).certificate
    ),
    "certificate without hosts": lambda pki, other: (pki / "apiserver.crt").write_bytes(other.issue("x").certificate),
    "half a certificate": lambda pki, other: (pki / "apiserver.crt").write_bytes(b"-----BEGIN CERT"),  # noqa: ARG005
    "an empty key": lambda pki, other: (pki / "apiserver.key").write_bytes(b""),  # noqa: ARG005
    "no key": lambda pki, other: (pki / "apiserver.key").unlink(),  # noqa: ARG005
    "no certificate": lambda pki, other: (pki / "apiserver.crt").unlink(),  # noqa: ARG005
}


@pytest.mark.parametrize("name", MISHAPS)
def test_mishaps_of_the_serving_files(pki: Path, tmp_path: Path, name: str) -> None:
    """Files that cannot serve are made anew, as after a crash between the two."""
    before = served(authority(pki))
    MISHAPS[name](pki, authority(tmp_path / "other"))
    assert served(authority(pki)) != before


def test_client_certificates(pki: Path) -> None:
    """The common name is the user, organisations are groups in their order; it identifies clients and nothing else."""
    made = authority(pki)
    pem = made.issue("alice@example.com", organisations=["b", "a"]).certificate
    found = x509.load_pem_x509_certificate(pem)
    der = found.public_bytes(serialization.Encoding.DER)
    shown = {"authentication.kubernetes.io/credential-id": (f"X509SHA256={hashlib.sha256(der).hexdigest()}",)}
    assert certificates.caller_of(der) == Caller("alice@example.com", ("b", "a"), extra=shown)
    basic = found.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert not basic.ca
    unnamed = x509.load_pem_x509_certificate(made.issue("x").certificate)
    caller = certificates.caller_of(unnamed.public_bytes(serialization.Encoding.DER))
    assert caller is not None
    assert (caller.username, caller.groups) == ("x", ())


def test_real_time(pki: Path) -> None:
    """With the real clock a certificate is good now, also for a clock that is a little late."""
    found = served(Authority(pki, clock.system))
    now = datetime.datetime.now(datetime.UTC)
    assert found.not_valid_before_utc < now - datetime.timedelta(minutes=50)
    assert found.not_valid_after_utc > now
