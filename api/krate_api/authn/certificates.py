"""The installation's own certificate authority: one CA, a server certificate, client certificates.

Keys are ECDSA P-256, files are private (0600) and written atomically. Names follow x509 authentication of Kubernetes:
the common name is the user, organisations are its groups.
"""

import datetime
import hashlib
import ipaddress
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from krate.clock import Clock
from krate.identity import Caller
from krate.names import CREDENTIAL_ID

_CA_DAYS: Final = 3650
_LEAF_DAYS: Final = 365
_RENEW_DAYS: Final = 30
_MAX_COMMON: Final = 64
"""Characters of a common name (X.520 ub-common-name)."""


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read, all or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)  # what the name leads to must not be lost either
    finally:
        os.close(directory)


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, PEM."""

    certificate: bytes
    key: bytes


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _name(common: str, organisations: Iterable[str] = ()) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, item) for item in organisations]
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, common)])


class Authority:
    """The CA in a directory, made on first use."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self.certificate_file = directory / "ca.crt"
        key_file = directory / "ca.key"
        if not key_file.exists():
            write_private(key_file, _pem(ec.generate_private_key(ec.SECP256R1())))
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{key_file} holds no EC key")
        self._key = key
        if not self.certificate_file.exists():
            write_private(self.certificate_file, self._sign_itself().public_bytes(serialization.Encoding.PEM))
        self._certificate = x509.load_pem_x509_certificate(self.certificate_file.read_bytes())
        if self._certificate.public_key() != key.public_key():
            raise ValueError(f"{self.certificate_file} does not belong to {key_file}")

    @property
    def certificate(self) -> bytes:
        return self.certificate_file.read_bytes()

    def _builder(self, subject: x509.Name, issuer: x509.Name, days: int) -> x509.CertificateBuilder:
        now = self._clock()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=days))
        )

    def _sign_itself(self) -> x509.Certificate:
        key = self._key
        name = _name("krate-ca")
        return (
            self._builder(name, name, _CA_DAYS)
            .public_key(key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(_usage(sign=True), critical=True)
            .sign(key, hashes.SHA256())
        )

    def issue(
        self, common: str, *, organisations: Sequence[str] = (), hosts: Sequence[str] = (), server: bool = False
    ) -> Pair:
        """A leaf certificate.

        Args:
            common: the user name, or a server's first name.
            organisations: groups of a client.
            hosts: DNS names and IP addresses of a server.
            server: whether it serves; otherwise it is a client's.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        usage = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = (
            self._builder(_name(common, organisations), self._certificate.subject, _LEAF_DAYS)
            .public_key(key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(_usage(sign=False), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName(list(_alternatives(hosts))), critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        return Pair(certificate.public_bytes(serialization.Encoding.PEM), _pem(key))

    def server_files(self, hosts: Sequence[str]) -> tuple[Path, Path]:
        """Certificate and key files of the API server, made anew when they expire soon or do not fit."""
        certificate_file, key_file = self._directory / "apiserver.crt", self._directory / "apiserver.key"
        if not self._serves(certificate_file, key_file, hosts):
            pair = self.issue(hosts[0][:_MAX_COMMON], hosts=hosts, server=True)
            write_private(key_file, pair.key)
            write_private(certificate_file, pair.certificate)
        return certificate_file, key_file

    def _serves(self, certificate_file: Path, key_file: Path, hosts: Sequence[str]) -> bool:
        try:
            certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
            certificate.verify_directly_issued_by(self._certificate)
            key = serialization.load_pem_private_key(key_file.read_bytes(), None)
            names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (OSError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
            return False
        soon = self._clock() + datetime.timedelta(days=_RENEW_DAYS)
        return (
            key.public_key() == certificate.public_key()
            and certificate.not_valid_after_utc > soon
            and set(_alternatives(hosts)) <= set(names)
        )


def _alternatives(hosts: Iterable[str]) -> Iterable[x509.GeneralName]:
    for host in hosts:
        try:
            yield x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            yield x509.DNSName(host)


def _usage(*, sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=not sign,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign,
        crl_sign=sign,
        encipher_only=False,
        decipher_only=False,
    )


def caller_of(certificate: bytes) -> Caller | None:
    """The identity in a verified DER client certificate; None when it names nobody."""
    subject = x509.load_der_x509_certificate(certificate).subject
    common = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if not common or not common[0].value:
        return None
    groups = tuple(str(item.value) for item in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME))
    credential = f"X509SHA256={hashlib.sha256(certificate).hexdigest()}"
    return Caller(str(common[0].value), groups, extra={CREDENTIAL_ID: (credential,)})
