"""TLS of the HTTP client: whom it trusts, and who it is."""

import datetime as dt
import ipaddress
import ssl
from pathlib import Path

import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import kube_server
from krate_kube.client import HttpClient
from krate_kube.connections import Connection, Retries
from krate_kube.interface import Unreachable
from krate_kube.memory import MemoryClient


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
            address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
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
