"""Who may watch what, and for how long: a watch shows no more than was authorised, and ends when the right does."""

import contextlib
import datetime
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import api_users
import api_watches
import served_api
from api_users import NewUser, rule
from krate import kinds
from krate_api.registry import pacing
from served_api import API, ServedAPI


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rights are looked at again after a moment instead of five seconds."""
    monkeypatch.setattr(pacing, "RECHECK", 0.05)


def config_map(name: str, **data: str) -> dict[str, Any]:
    return {**served_api.typed(kinds.CONFIG_MAP), "metadata": {"name": name}, "data": data}


@contextlib.contextmanager
def watch(client: API, path: str, **params: str) -> Iterator[Iterator[dict[str, Any]]]:
    """Events of a watch while the block runs."""
    with client.stream("GET", path, params={"timeoutSeconds": "20", **params}) as answer:
        assert answer.status_code == 200, answer.read()
        yield api_watches.events(answer)


def told(events: Iterator[dict[str, Any]], count: int) -> list[tuple[str, str]]:
    """Type and name of the next events."""
    return [(event["type"], event["object"]["metadata"]["name"]) for event in itertools.islice(events, count)]


@pytest.mark.parametrize("form", ["field selector", "legacy path"])
def test_watch_of_one_name_shows_one_name(admin: API, user: NewUser, namespace: str, form: str) -> None:
    """A right to watch one name shows that name alone, now and later, however it is asked for."""
    bob = user("bob", rules=[rule("watch", kind=kinds.CONFIG_MAP, names=["mine"])], namespace=namespace)
    for name in ("mine", "other"):
        admin.create(kinds.CONFIG_MAP, config_map(name), namespace=namespace)
    path, params = f"/api/v1/watch/namespaces/{namespace}/configmaps/mine", {}
    if form == "field selector":
        path, params = served_api.collection(kinds.CONFIG_MAP, namespace), {"fieldSelector": "metadata.name=mine"}
        params["watch"] = "true"
    with watch(bob, path, **params) as events:
        assert told(events, 1) == [("ADDED", "mine")]
        admin.change(kinds.CONFIG_MAP, "other", {"data": {"canary": "x"}}, namespace=namespace)
        admin.create(kinds.CONFIG_MAP, config_map("third"), namespace=namespace)
        admin.change(kinds.CONFIG_MAP, "mine", {"data": {"a": "b"}}, namespace=namespace)
        assert told(events, 1) == [("MODIFIED", "mine")]


def test_watch_parameter_on_one_object_is_a_get(admin: API, user: NewUser, namespace: str) -> None:
    """`?watch=true` on one object's address is a get of it, as upstream has it, and needs the right to get."""
    watcher = user("watcher", rules=[rule("watch", kind=kinds.CONFIG_MAP, names=["mine"])], namespace=namespace)
    getter = user("getter", rules=[rule("get", kind=kinds.CONFIG_MAP, names=["mine"])], namespace=namespace)
    admin.create(kinds.CONFIG_MAP, config_map("mine"), namespace=namespace)
    path = served_api.item(kinds.CONFIG_MAP, "mine", namespace)
    assert watcher.get(path, params={"watch": "true"}).status_code == 403
    assert getter.get(path, params={"watch": "true"}).json()["kind"] == "ConfigMap"


REFUSED = (
    "",
    "metadata.name!=mine",
    "metadata.name=other",
    "metadata.namespace=x",
    "metadata.name=mine\\,other",
)


@pytest.mark.parametrize("selector", REFUSED)
@pytest.mark.parametrize("verb", ["list", "watch"])
def test_other_selections_are_refused(user: NewUser, namespace: str, selector: str, verb: str) -> None:
    """A right on one name grants no list or watch that does not ask for exactly that name."""
    rules = [rule("list", "watch", kind=kinds.CONFIG_MAP, names=["mine"])]
    bob = user(f"bob-{verb}", rules=rules, namespace=namespace)
    params = {"fieldSelector": selector, "watch": "true" if verb == "watch" else "false"}
    assert bob.get(served_api.collection(kinds.CONFIG_MAP, namespace), params=params).status_code == 403


def revoke_binding(served: ServedAPI, admin: API, role: str, namespace: str) -> None:
    assert admin.remove(kinds.ROLE_BINDING, role, namespace=namespace).status_code == 200


def empty_role(served: ServedAPI, admin: API, role: str, namespace: str) -> None:
    assert admin.change(kinds.ROLE, role, {"rules": []}, namespace=namespace).status_code == 200


def suspend_user(served: ServedAPI, admin: API, role: str, namespace: str) -> None:
    assert admin.change(kinds.USER, "eve", {"spec": {"suspended": True}}).status_code == 200


def delete_user(served: ServedAPI, admin: API, role: str, namespace: str) -> None:
    assert admin.remove(kinds.USER, "eve").status_code == 200


def let_the_token_expire(served: ServedAPI, admin: API, role: str, namespace: str) -> None:
    served.clock.offset += datetime.timedelta(hours=2)


ENDINGS = (revoke_binding, empty_role, suspend_user, delete_user, let_the_token_expire)


@pytest.mark.parametrize("end", ENDINGS, ids=lambda end: end.__name__)
def test_watch_ends_with_its_right(
    served: ServedAPI, admin: API, namespace: str, end: Callable[[ServedAPI, API, str, str], None]
) -> None:
    """A watch whose right, user or token is gone ends by itself; nothing that happens afterwards is told."""
    admin.remove(kinds.USER, "eve")
    token = api_users.token(admin, "eve")
    role = api_users.grant(admin, "eve", [rule("watch", kind=kinds.CONFIG_MAP)], namespace=namespace)
    before = served.clock.offset
    try:
        with (
            served.client(token=token) as eve,
            watch(eve, served_api.collection(kinds.CONFIG_MAP, namespace), watch="true") as events,
        ):
            admin.create(kinds.CONFIG_MAP, config_map("seen"), namespace=namespace)
            assert told(events, 1) == [("ADDED", "seen")]
            end(served, admin, role, namespace)
            assert list(events) == []
    finally:
        served.clock.offset = before


def test_open_watches_are_counted_and_given_back(served: ServedAPI, admin: API, namespace: str) -> None:
    """A watch is served while its client is there and no longer."""

    def open_watches() -> float:
        lines = admin.get("/metrics").text.splitlines()
        start = 'krate_apiserver_longrunning_requests{group="",resource="configmaps"}'
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(start))

    before = open_watches()
    path = served_api.collection(kinds.CONFIG_MAP, namespace)
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(watch(stack.enter_context(served.admin()), path, watch="true"))
        served_api.until(lambda: open_watches() == before + 3)
    served_api.until(lambda: open_watches() == before)
