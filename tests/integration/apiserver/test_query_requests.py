"""Query: sorting, counting and membership, showing to everybody what they may list and nothing else."""

from typing import Any

import pytest

import served_api
from api_answers import created, failure, repository
from api_users import NewUser, rule
from krate import kinds
from served_api import API, ServedAPI

PULL = kinds.PULL_REQUEST

QUERY, PULL = kinds.QUERY, kinds.PULL_REQUEST


@pytest.fixture(scope="module")
def places(served: ServedAPI, admin: API) -> tuple[str, str]:
    """Two namespaces with a repository and six pull requests each."""
    found: list[str] = []
    for prefix in ("qa", "qb"):
        namespace = served_api.new_namespace(admin, prefix)
        found.append(namespace)
        created(admin, kinds.REPOSITORY, repository(), namespace)
        branches = {"main": {"a": b"m"}, **{f"b{number}": {"a": b"%d" % number} for number in range(6)}}
        served.repository(namespace, "web", branches)
        for number in range(6):
            spec = {
                "repository": "web", "title": f"{'abcabc'[number]}{number}", "source": {"branch": f"b{number}"},
                "target": {"branch": "main"}, "draft": number % 2 == 0,
                "reviewers": ["ann", "ben"] if number < 3 else ["ben"],
            }  # fmt: skip
            meta = {"generateName": "web-", "labels": {"size": "big" if number > 3 else "small"}}
            created(admin, PULL, {**served_api.typed(PULL), "metadata": meta, "spec": spec}, namespace)
    return found[0], found[1]


def ask(client: API, **spec: Any) -> Any:
    body = {**served_api.typed(QUERY), "metadata": {}, "spec": {"targets": ["PullRequest"], **spec}}
    return client.create(QUERY, body)


def names(answer: Any) -> list[str]:
    assert answer.status_code == 201, answer.text
    return [f"{one['namespace']}/{one['name']}" for one in answer.json()["status"].get("matches", [])]


def test_everything(admin: API, places: tuple[str, str]) -> None:
    """Without more than targets and namespaces, everything in order, with counts and the version it was read at."""
    answer = ask(admin, namespaces=list(places))
    status = answer.json()["status"]
    assert names(answer) == [f"{place}/web-{number}" for place in places for number in range(1, 7)]
    version = admin.list(PULL, limit="1").json()["metadata"]["resourceVersion"]
    assert (status["total"], status["resourceVersions"]) == (12, {"PullRequest": version})


SELECTIONS: dict[str, tuple[dict[str, Any], list[int]]] = {
    "labels": ({"labelSelector": "size=big"}, [5, 6]),
    "fields": ({"fieldSelector": "status.phase=Draft"}, [1, 3, 5]),
    "both": ({"labelSelector": "size=small", "fieldSelector": "status.phase=Open"}, [2, 4]),
    "any of": ({"anyOf": ["status.number=1", "status.number=6"]}, [1, 6]),
    "member": ({"membership": [{"field": "spec.reviewers", "value": "ann"}]}, [1, 2, 3]),
    "two members": (
        {"membership": [{"field": "spec.reviewers", "value": name} for name in ("ann", "ben")]}, [1, 2, 3],
    ),
    "nobody": ({"membership": [{"field": "spec.reviewers", "value": "zoe"}]}, []),
    "member of what is no list": ({"membership": [{"field": "spec.title", "value": "a"}]}, []),
    "sorted by title": ({"sort": [{"field": "spec.title"}]}, [1, 4, 2, 5, 3, 6]),
    "sorted down": ({"sort": [{"field": "status.number", "descending": True}]}, [6, 5, 4, 3, 2, 1]),
    "sorted by two": ({"sort": [{"field": "status.phase"}, {"field": "status.number", "descending": True}]},
                      [5, 3, 1, 6, 4, 2]),
    "sorted by what is absent": ({"sort": [{"field": "spec.nothing"}]}, [1, 2, 3, 4, 5, 6]),
    "sorted by a list": ({"sort": [{"field": "spec.reviewers"}]}, [1, 2, 3, 4, 5, 6]),
}  # fmt: skip


@pytest.mark.parametrize("name", SELECTIONS)
def test_selection(admin: API, places: tuple[str, str], name: str) -> None:
    """Selectors, membership and order."""
    spec, want = SELECTIONS[name]
    assert names(ask(admin, namespaces=[places[0]], **spec)) == [f"{places[0]}/web-{number}" for number in want]


def test_columns_and_counts(admin: API, places: tuple[str, str]) -> None:
    """Columns come with each match, counts by any scalar, also without any match."""
    answer = ask(
        admin, namespaces=[places[0]], columns=["spec.title", "status.number", "spec.nothing"],
        countBy="status.phase", limit=1,
    ).json()["status"]  # fmt: skip
    assert answer["matches"][0]["columns"]["spec.title"] == "a0"
    assert (answer["counts"], answer["total"]) == ({"Draft": 3, "Open": 3}, 6)
    bare = ask(admin, namespaces=[places[0]], countBy="spec.reviewers", limit=0).json()["status"]
    assert (bare.get("matches", []), bare["counts"], bare.get("continue", "")) == ([], {"": 6}, "")


def test_pages(admin: API, places: tuple[str, str]) -> None:
    """Pages go on where the last one ended."""
    found: list[str] = []
    token = ""
    for _ in range(5):
        answer = ask(admin, namespaces=list(places), limit=5, **({"continue": token} if token else {}))
        found += names(answer)
        token = answer.json()["status"].get("continue", "")
        if not token:
            break
    assert found == [f"{place}/web-{number}" for place in places for number in range(1, 7)]


def test_me(admin: API, user: NewUser, places: tuple[str, str]) -> None:
    """`$me` is who asks."""
    ann = user("ann", rules=[rule("list", kind=PULL)], namespace=places[0])
    mine = {"membership": [{"field": "spec.reviewers", "value": "$me"}]}
    assert names(ask(ann, **mine)) == [f"{places[0]}/web-{number}" for number in (1, 2, 3)]


def test_only_what_may_be_listed(user: NewUser, places: tuple[str, str]) -> None:
    """Namespaces that somebody may not list are left out; named ones are said to be, others are not even counted."""
    bob = user("bob", rules=[rule("list", kind=PULL)], namespace=places[0])
    open_ended = ask(bob).json()["status"]
    assert (open_ended["total"], open_ended.get("denied", [])) == (6, [])
    named = ask(bob, namespaces=list(places), countBy="metadata.namespace").json()["status"]
    assert named["denied"] == [{"namespace": places[1], "target": "PullRequest"}]
    assert named["counts"] == {places[0]: 6}
    stranger = user("stranger")
    nothing = ask(stranger, namespaces=[*places, "no-such-place"], countBy="spec.title")
    status = nothing.json()["status"]
    assert (status.get("total", 0), status.get("counts", {}), len(status["denied"])) == (0, {}, 3)
    assert "web" not in nothing.text


def test_names_do_not_grant_queries(user: NewUser, places: tuple[str, str]) -> None:
    """A right to read one object, or to watch, is no right to list them in a query."""
    rules = [rule("get", "watch", kind=PULL), rule("list", kind=PULL, names=["web-1"])]
    eve = user("eve", rules=rules, namespace=places[0])
    status = ask(eve, namespaces=[places[0]]).json()["status"]
    assert (status.get("total", 0), len(status["denied"])) == (0, 1)


def test_query_is_not_stored(admin: API, places: tuple[str, str]) -> None:
    """A query is answered under any name, or none, and is never there."""
    body = {**served_api.typed(QUERY), "metadata": {"name": "q"}, "spec": {"targets": ["PullRequest"]}}
    for _ in range(2):
        assert admin.create(QUERY, body).status_code == 201
    assert admin.read(QUERY, "q").status_code == 405
    assert admin.list(QUERY).status_code == 405


def test_same_namespace_twice(admin: API, places: tuple[str, str]) -> None:
    """A namespace or target named twice counts once."""
    answer = ask(admin, targets=["PullRequest", "PullRequest"], namespaces=[places[0], places[0]]).json()["status"]
    assert answer["total"] == 6


WRONG: dict[str, tuple[dict[str, Any], int]] = {
    "no targets": ({"targets": []}, 422),
    "an unknown target": ({"targets": ["Bicycle"]}, 422),
    "a kind of another group": ({"targets": ["Secret"]}, 422),
    "itself": ({"targets": ["Query"]}, 422),
    "too many targets": ({"targets": ["PullRequest"] * 9}, 422),
    "a selector": ({"labelSelector": "a b c"}, 400),
    "a field that is not selectable": ({"fieldSelector": "spec.title=x"}, 400),
    "a field in any of": ({"anyOf": ["spec.title=x"]}, 400),
    "a token": ({"continue": "!!!"}, 400),
    "a token of another type": ({"continue": "e30"}, 400),
    "a limit": ({"limit": 501}, 422),
    "a negative limit": ({"limit": -1}, 422),
    "a path": ({"sort": [{"field": "spec[0]"}]}, 422),
    "a membership of another type": ({"membership": "x"}, 422),
    "columns of another type": ({"columns": [5]}, 422),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_queries(admin: API, name: str) -> None:
    """A query that cannot be asked is told why."""
    spec, code = WRONG[name]
    answer = ask(admin, **spec)
    assert answer.status_code == code, answer.text
    assert failure(answer)["reason"] == {400: "BadRequest", 422: "Invalid"}[code]


@pytest.mark.timeout(20)
def test_paths_are_read_in_their_length(admin: API, places: tuple[str, str]) -> None:
    """A path as long as a body leads nowhere, and costs no more than its bytes."""
    for path in ("a[" * 200_000, "a." * 200_000, "[" * 400_000, "\\" * 400_000):
        answer = ask(admin, namespaces=[places[0]], columns=[path], countBy=path, limit=2)
        assert answer.status_code in {201, 422}


def test_nobody_may_not_ask(nobody: API) -> None:
    """A query is for signed-in users."""
    assert ask(nobody).status_code == 403
