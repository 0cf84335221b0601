"""Health as probes and people read it, whole and check by check."""

from collections.abc import Generator

import pytest

from served_api import API, ServedAPI

TEXT = "text/plain; charset=utf-8"
WHOLE = {"content-type": TEXT, "x-content-type-options": "nosniff", "cache-control": "no-cache, private"}


@pytest.fixture
def burning(served: ServedAPI) -> Generator[None]:
    """A part of the server that is not ready."""

    async def broken() -> str:
        return "the database is on fire"

    checks = served.running.plain.health.checks
    checks["fire"] = broken
    yield
    del checks["fire"]


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
def test_health(admin: API, nobody: API, path: str) -> None:
    """Health is `ok` for everybody, with its checks for who asks; a check alone is `ok` too."""
    answer = nobody.get(path)
    assert (answer.status_code, answer.text) == (200, "ok")
    assert answer.headers.items() >= WHOLE.items()
    verbose = nobody.get(path, params={"verbose": ""}).text.splitlines()
    assert verbose[0] == "[+]ping ok"
    assert verbose[-1] == f"{path[1:]} check passed"
    for alone in (admin.get(f"{path}/ping"), admin.get(f"{path}/ping", params={"verbose": "", "exclude": "ping"})):
        assert (alone.status_code, alone.text, alone.headers["content-type"]) == (200, "ok", TEXT)
    for missing in (f"{path}/nothing", f"{path}/", f"{path}/ping/"):
        assert (admin.get(missing).status_code, admin.get(missing).text) == (404, "404 page not found\n")


@pytest.mark.usefixtures("burning")
def test_a_failure_is_named_and_not_explained(admin: API, nobody: API) -> None:
    """A part that is not ready fails readiness alone, by name; why is for those who may ask for it by name."""
    answer = nobody.get("/readyz")
    assert (answer.status_code, answer.headers["content-type"]) == (500, TEXT)
    assert answer.text == "[+]ping ok\n[+]store ok\n[-]fire failed: reason withheld\nreadyz check failed\n"
    alone = admin.get("/readyz/fire")
    assert (alone.status_code, alone.text) == (500, "internal server error: the database is on fire\n")
    assert nobody.get("/readyz/fire").status_code == 403
    assert admin.get("/readyz/store").text == "ok"
    assert admin.get("/livez").text == "ok"


@pytest.mark.usefixtures("burning")
def test_excluded_checks(nobody: API) -> None:
    """An excluded check is not run; one that there is not is told of."""
    assert nobody.get("/readyz", params={"exclude": "fire"}).text == "ok"
    answer = nobody.get("/readyz", params={"verbose": "", "exclude": ["fire", "b", 'a"']})
    assert answer.text.splitlines() == [
        "[+]ping ok",
        "[+]store ok",
        "[+]fire excluded: ok",
        'warn: some health checks cannot be excluded: no matches for "a\\"","b"',
        "readyz check passed",
    ]
