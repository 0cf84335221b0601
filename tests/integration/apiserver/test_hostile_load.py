"""Requests that take long to compute: they wait in a lane of their own, and others are answered meanwhile."""

import contextlib
import threading
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from http.client import HTTPSConnection

import pytest

import crd_rooms
import hostile_samples
from hostile_samples import Hostile
from served_api import API, ServedAPI, until

MANY = 9_000
OTHERS = 3
"""Requests that are answered while the hostile one waits."""


@pytest.fixture(scope="module")
def prepared(admin: API) -> None:
    """What the samples need: definitions, and stored objects."""
    for body in hostile_samples.PREPARED:
        crd_rooms.established(admin, body)
    for path, make in hostile_samples.STORED:
        answer = admin.post(path, content=make(MANY), headers={"content-type": hostile_samples.JSON})
        assert answer.status_code == 201, answer.text


@contextlib.contextmanager
def held(served: ServedAPI) -> Generator[None]:
    """While the block runs nothing is computed in the lane."""
    entered, release = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        release.wait()

    lane = served.running.lane
    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(served.run, lambda: lane.call(hold))
        try:
            entered.wait()
            yield
        finally:
            release.set()
            holding.result()


def send(served: ServedAPI, sample: Hostile) -> int:
    """The code that answers a sample; httpx sends no address as long as some have."""
    pair = served.core.authority.issue("attacker", organisations=["system:masters"])
    port = served.core.settings.port
    with contextlib.closing(HTTPSConnection("127.0.0.1", port, context=served.trust(pair))) as connection:
        headers = {"content-type": sample.media, **sample.headers}
        connection.request(sample.method, sample.path, sample.body(MANY) or None, headers)
        return connection.getresponse().status


def others_answered(served: ServedAPI, admin: API, asked: "Future[int]") -> int:
    """How many others are answered before the request is, which waits in the lane or has its answer."""
    until(lambda: asked.done() or served.running.lane.inside > 1)
    if asked.done():
        return 0
    answered = [admin.get("/api/v1/namespaces/default").status_code for _ in range(OTHERS)]
    assert not asked.done()
    return answered.count(200)


@pytest.mark.usefixtures("prepared")
def test_others_are_answered_meanwhile(served: ServedAPI, admin: API) -> None:
    """Every sample has its answer in the end, and what takes long to compute keeps nobody else from theirs.

    The samples build on each other, so they are one story.
    """
    found: dict[str, tuple[bool, int]] = {}
    with ThreadPoolExecutor(1) as pool:
        for sample in hostile_samples.SAMPLES:
            with contextlib.nullcontext() if sample.quick else held(served):
                asked = pool.submit(send, served, sample)
                others = 0 if sample.quick else others_answered(served, admin, asked)
            found[sample.name] = (asked.result() in sample.codes, others)
    assert found == {one.name: (True, 0 if one.quick else OTHERS) for one in hostile_samples.SAMPLES}
