"""What the parent tells on standard input, and that the program ends with it."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

import kube_server
import tls_samples
from krate.names import ServiceAccount
from krate_controllers import main as controllers
from krate_controllers import wiring
from krate_controllers.briefing import Briefing, BriefingInvalid
from krate_kube.memory import MemoryClient

WATCHING = (
    ServiceAccount.OPERATOR,
    ServiceAccount.GARBAGE_COLLECTOR,
    ServiceAccount.NAMESPACES,
    ServiceAccount.CLUSTER_ROLES,
)
TOKENS = {account.value: f"token of {account}" for account in wiring.IDENTITIES}


def line(**over: Any) -> bytes:
    told = {"server": "https://127.0.0.1:7443", "web": "http://127.0.0.1:7080", "ca": "", "tokens": TOKENS, **over}
    return json.dumps(told).encode() + b"\n"


async def test_fresh_tokens_are_picked_up() -> None:
    """Each request asks for the token of the moment; a later line replaces it, and other tokens stay."""
    briefing = Briefing.parse(line())
    hosted, pulls = briefing.token(ServiceAccount.HOSTED), briefing.token(ServiceAccount.PULL_REQUESTS)
    before = hosted(), pulls()
    reader = asyncio.StreamReader()
    reader.feed_data(line(tokens={"krate-hosted": "fresh"}))
    reader.feed_eof()
    await briefing.follow(reader)
    assert (before, hosted(), pulls()) == (
        ("token of krate-hosted", "token of krate-pullrequests"),
        "fresh",
        "token of krate-pullrequests",
    )


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (b"{", "not JSON"),
        (b"[]\n", "a briefing has server, web, ca, tokens"),
        (line(tokens="s3cret"), "a briefing has server, web, ca, tokens"),
        (line(ca=None), "a briefing has server, web, ca, tokens"),
    ],
    ids=["not JSON", "a list", "no tokens", "no CA"],
)
def test_malformed(told: bytes, why: str) -> None:
    """A line that is no briefing is refused without quoting it."""
    with pytest.raises(BriefingInvalid, match=why) as refused:
        Briefing.parse(told)
    assert "s3cret" not in str(refused.value)


def test_a_missing_token_is_told_at_once() -> None:
    """An account without a token is named when it is asked for, not at its first request."""
    with pytest.raises(BriefingInvalid, match="no token for krate-hosted"):
        Briefing.parse(line(tokens={})).token(ServiceAccount.HOSTED)


async def test_a_kit_from_a_briefing(tmp_path: Any) -> None:
    """Every identity has a client of its own, and the Git host answers the two that speak to it."""
    certificate, _ = tls_samples.write_certificate(tmp_path)
    async with AsyncExitStack() as stack:
        kit = await controllers.open_kit(Briefing.parse(line(ca=certificate.read_text())), stack)
        assert set(kit.clients) == set(wiring.IDENTITIES)
        assert kit.host(ServiceAccount.HOSTED) is not kit.host(ServiceAccount.PULL_REQUESTS)
        assert kit.clone_base == "http://127.0.0.1:7080"
        assert kit.compile_expression("ref == 'refs/heads/main'")({"ref": "refs/heads/main"}) is True


@asynccontextmanager
async def started() -> AsyncGenerator[asyncio.subprocess.Process]:
    """`krate-controllers`, killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from krate_controllers.main import main; main()",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"PATH": os.environ["PATH"], "KRATE_CONTROLLERS_LOG_LEVEL": "debug"},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def finish(process: asyncio.subprocess.Process) -> tuple[int, str]:
    """Close its input; answers status and log."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    async with asyncio.timeout(30):
        output = await process.stdout.read()
        return await process.wait(), output.decode()


async def test_told_nothing() -> None:
    """Without a briefing the program ends well at the end of its input."""
    async with started() as process:
        assert await finish(process) == (0, "")


async def test_the_program_ends_with_its_input(tmp_path: Any) -> None:
    """Told where to work it lists and watches as each identity, and ends well when the input ends."""
    certificate, key = tls_samples.write_certificate(tmp_path)
    app = kube_server.KubeApp(MemoryClient())
    tls = {"ssl_certfile": str(certificate), "ssl_keyfile": str(key)}
    async with kube_server.serving(app, **tls) as address, started() as process:
        assert process.stdin is not None
        process.stdin.write(line(server=f"https://{address}", ca=certificate.read_text()))
        identities = {f"Bearer token of {account}" for account in WATCHING}
        async with asyncio.timeout(30):
            while not identities <= {headers["authorization"] for _, _, headers in app.requests}:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        status, output = await finish(process)
    assert (status, "Traceback" in output, "token of" in output) == (0, False, False), output


async def test_a_broken_briefing_ends_it_with_an_error() -> None:
    """A first line that is no briefing is an error, and what stood in it is not printed."""
    async with started() as process:
        assert process.stdin is not None
        process.stdin.write(b'{"tokens": "s3cret"}\n')
        status, output = await finish(process)
    assert (status, "s3cret" in output, "a briefing has" in output) == (1, False, True)
