"""`?timeout=`: how long a client waits."""

import httpx2
import pytest

import served_api
from api_answers import failure
from krate import kinds
from served_api import API

CM = kinds.CONFIG_MAP
FUTURE = "9000000000000000000"
"""A list at this version waits for three seconds."""


def late(admin: API, namespace: str, timeout: str) -> httpx2.Response:
    return admin.get(served_api.collection(CM, namespace), params={"resourceVersion": FUTURE, "timeout": timeout})


def test_refused(admin: API) -> None:
    """A timeout that is no duration is a 400 wherever it is said, also on paths without objects."""
    message = 'invalid timeout specified in the request URL - time: invalid duration "invalid"'
    for path in ("/version", "/api/v1/namespaces"):
        answer = admin.get(path, params={"timeout": "invalid"})
        assert (answer.status_code, failure(answer)) == (400, {"message": message, "reason": "BadRequest"})


@pytest.mark.parametrize("timeout", ["", "0", "0s", "3m", "-1s"])
def test_served_all_the_same(admin: API, timeout: str) -> None:
    """No timeout, none above nothing and more than the server would take are the server's own."""
    assert admin.get("/version", params={"timeout": timeout}).status_code == 200


def test_over(admin: API, namespace: str) -> None:
    """Who waits for less than an answer takes is told so."""
    message = "Timeout: request did not complete within requested timeout - context deadline exceeded"
    answer = late(admin, namespace, "20ms")
    assert (answer.status_code, failure(answer)) == (504, {"message": message, "reason": "Timeout"})


def test_watches_have_their_own(admin: API, namespace: str) -> None:
    """A watch ends by timeoutSeconds; the request's timeout does not concern it."""
    answer = admin.get(
        served_api.collection(CM, namespace), params={"watch": "1", "timeoutSeconds": "1", "timeout": "invalid"}
    )
    assert answer.status_code == 200
