"""SIGTERM ends `krate up` cleanly, whoever is connected."""

import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from krate_kube import config
from krate_web.settings import Settings
from processes import Up


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    with Up(tmp_path) as found:
        yield found


def watch_tls(up: Up) -> tuple[ssl.SSLContext, str]:
    connection = config.load([up.kubeconfig])
    return ssl.create_default_context(cadata=connection.ca), connection.server


def test_an_open_page_and_a_watch_hold_nobody(up: Up):
    """A live page and a kubectl-like watch end with the server, not with its patience; every process exits 0."""
    up.krate("user", "add", "alice", "--group", "system:masters")
    token = up.krate("token", "alice").strip()
    cookies = {Settings(public_url=up.web, api_url=up.api).session_cookie: token}
    context, server = watch_tls(up)
    with (
        httpx2.Client(base_url=up.web, cookies=cookies, timeout=30) as browser,
        httpx2.Client(base_url=server, verify=context, headers={"authorization": f"Bearer {token}"}) as kubectl,
        browser.stream("GET", "/", params={"live": "0"}) as page,
        kubectl.stream("GET", "/api/v1/namespaces?watch=true&resourceVersion=0", timeout=30) as watch,
    ):
        assert (page.status_code, page.headers["content-type"].partition(";")[0]) == (200, "text/event-stream")
        assert watch.status_code == 200
        events = page.iter_lines()
        assert next(events).startswith("event: ")
        children = up.children()
        # Both go on reading, as a browser and kubectl do.
        with ThreadPoolExecutor() as readers:
            ends = [readers.submit(list, lines) for lines in (events, watch.iter_lines())]
            assert up.stop() == 0
            for end in ends:
                end.result(10)
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]
    log = (up.data / "krate.log").read_text()
    assert [line for line in log.splitlines() if "error" in line or "graceful" in line] == []
