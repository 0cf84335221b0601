"""`krate-functions` as a process: what a cluster starts."""

import datetime as dt
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path

import grpc
import pytest
from crossplane.function.proto.v1 import run_function_pb2 as fnv1
from crossplane.function.proto.v1 import run_function_pb2_grpc as grpcv1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import composites
import factories
from krate_functions import protocol
from krate_functions.engine import remote

TIMEOUT = 20.0


def request() -> fnv1.RunFunctionRequest:
    return remote.write_request(protocol.Request(factories.make_team(), input=composites.compose_input()))


def free_address() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{found.getsockname()[1]}"


@contextmanager
def serving(*words: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The program on a free port, until the block ends."""
    address = free_address()
    command = [sys.executable, "-m", "krate_functions.main", "--address", address, *words]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield address, process
        finally:
            process.kill()


def call(channel: grpc.Channel) -> fnv1.RunFunctionResponse:
    with channel:
        stub = grpcv1.FunctionRunnerServiceStub(channel)
        return stub.RunFunction(request(), timeout=TIMEOUT, wait_for_ready=True)


def test_it_answers_and_ends_in_good_order() -> None:
    """Insecure, as renders need it: it answers, and SIGTERM ends it with success."""
    with serving("--insecure") as (address, process):
        response = call(grpc.insecure_channel(address))
        assert set(response.requirements.resources) == {"teams", "namespace"}
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT) == 0
        assert time.monotonic() - began < TIMEOUT / 2


def test_it_serves_nothing_without_certificates() -> None:
    """Neither certificates nor --insecure: the program refuses to start."""
    with serving() as (_, process):
        assert process.wait(TIMEOUT) != 0


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CA, and a certificate for localhost that serves as server's and as client's."""
    folder = tmp_path_factory.mktemp("certificates")
    now, name = dt.datetime.now(dt.UTC), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "krate-test")])
    keys = {word: ec.generate_private_key(ec.SECP256R1()) for word in ("ca", "tls")}
    for word, key in keys.items():
        alternatives = x509.SubjectAlternativeName(
            [x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))]
        )
        built = (
            x509.CertificateBuilder()
            .subject_name(
                name if word == "ca" else x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "function-krate")])
            )
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(minutes=5))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=word == "ca", path_length=None), critical=True)
            .add_extension(alternatives, critical=False)
            .sign(keys["ca"], hashes.SHA256())
        )
        (folder / f"{word}.crt").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "tls.key").write_bytes(keys["tls"].private_bytes(*pem))
    return folder


def test_mutual_tls(certificates: Path) -> None:
    """With certificates only who shows one of the CA is answered, as Crossplane core does."""
    ca, key, crt = ((certificates / name).read_bytes() for name in ("ca.crt", "tls.key", "tls.crt"))
    with serving("--tls-server-certs-dir", str(certificates)) as (address, _):
        known = grpc.ssl_channel_credentials(ca, key, crt)
        assert call(grpc.secure_channel(address, known)).requirements.resources
        for stranger in (
            grpc.secure_channel(address, grpc.ssl_channel_credentials(ca)),
            grpc.insecure_channel(address),
        ):
            with stranger, pytest.raises(grpc.RpcError) as caught:
                grpcv1.FunctionRunnerServiceStub(stranger).RunFunction(request(), timeout=TIMEOUT)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
