"""RepositoryContent: trees, blobs, commits, refs, comparisons and archives, to those who may see each."""

from collections.abc import Callable
from typing import Any

import pytest

import served_api
from api_answers import created, failure, repository
from api_users import NewUser, rule
from krate import kinds
from served_api import API, ServedAPI

CONTENT = kinds.REPOSITORY_CONTENT
FILES = {
    "README.md": b"# Web\n",
    "src/app.py": b"print('hi')\n",
    "bin/data": bytes(range(256)),
    "page.html": b"<script>alert(1)</script>\n",
    "name with \xc3\xa9.txt".encode("latin-1").decode(): b"x\n",
}
BRANCHES = {"main": FILES, "feature": {**FILES, "src/app.py": b"print('ho')\n", "new.txt": b"new\n"}}


@pytest.fixture
def heads(served: ServedAPI, admin: API, namespace: str) -> dict[str, str]:
    created(admin, kinds.REPOSITORY, repository(), namespace)
    return served.repository(namespace, "web", BRANCHES)


@pytest.fixture
def view(admin: API, namespace: str, heads: dict[str, str]) -> Callable[..., Any]:
    """GET of a view."""

    def get(name: str, **params: str) -> Any:
        return admin.get(served_api.item(CONTENT, "web", namespace, name), params=params)

    return get


def test_tree(view: Callable[..., Any], heads: dict[str, str]) -> None:
    """A directory of the default branch, of another ref, of a commit; directories first."""
    root = view("tree").json()
    assert (root["ref"], root["sha"], root["path"]) == ("main", heads["main"], "")
    names = [(entry["name"], entry["kind"]) for entry in root["entries"]]
    assert names[:2] == [("bin", "Tree"), ("src", "Tree")] or names[:2] == [("bin", "tree"), ("src", "tree")]
    assert len(view("tree", ref="feature").json()["entries"]) == len(names) + 1
    below = view("tree", ref=heads["feature"], path="/src/", lastCommit="1").json()
    assert [entry["path"] for entry in below["entries"]] == ["src/app.py"]
    assert below["entries"][0]["lastCommit"]["sha"] == heads["feature"]


def test_blob(view: Callable[..., Any]) -> None:
    """A file as text, a binary one as base64."""
    text = view("blob", path="src/app.py").json()
    assert (text["encoding"], text["content"], text["binary"]) == ("utf-8", "print('hi')\n", False)
    binary = view("blob", path="bin/data").json()
    assert (binary["encoding"], binary["binary"], binary["size"]) == ("base64", True, 256)


def test_raw_never_runs(view: Callable[..., Any]) -> None:
    """Raw content is text or bytes that no browser runs, whatever it is called."""
    page = view("raw", path="page.html")
    assert (page.status_code, page.content) == (200, FILES["page.html"])
    assert page.headers["content-type"] == "text/plain; charset=utf-8"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert view("raw", path="bin/data").headers["content-type"] == "application/octet-stream"


def test_history(view: Callable[..., Any], heads: dict[str, str]) -> None:
    """Commits newest first, of a path, a page at a time; refs with the default branch first."""
    both = view("commits", ref="feature").json()
    assert [one["sha"] for one in both["items"]] == [heads["feature"], heads["main"]]
    one = view("commits", ref="feature", limit="1").json()
    assert ([item["sha"] for item in one["items"]], one["more"]) == ([heads["feature"]], True)
    of_path = view("commits", ref="feature", path="new.txt").json()
    assert [item["sha"] for item in of_path["items"]] == [heads["feature"]]
    branches = view("branches").json()["items"]
    assert [(item["name"], item.get("default", False)) for item in branches] == [("main", True), ("feature", False)]
    assert view("tags").json()["items"] == []


def test_comparison_blame_archive(view: Callable[..., Any], heads: dict[str, str]) -> None:
    """A comparison with its files, who wrote which line, and a signed link to everything."""
    found = view("compare", base="main", head="feature", hunks="1").json()
    assert sorted(one["path"] for one in found["files"]) == ["new.txt", "src/app.py"]
    assert (found["ahead"], found["behind"]) == (1, 0)
    runs = view("blame", ref="feature", path="src/app.py").json()["runs"]
    assert [(run["start"], run["commit"]["sha"]) for run in runs] == [(1, heads["feature"])]
    archive = view("archive").json()
    assert archive["url"].startswith("http://127.0.0.1:7080/")
    assert archive["expiresAt"].endswith("Z")


MISSING: dict[str, tuple[str, dict[str, str], int]] = {
    "path": ("blob", {"path": "nothing"}, 404),
    "a directory as file": ("blob", {"path": "src"}, 404),
    "a file as directory": ("tree", {"path": "README.md"}, 404),
    "ref": ("tree", {"ref": "nothing"}, 404),
    "commit": ("tree", {"ref": "f" * 40}, 404),
    "a revision": ("tree", {"ref": "main~1"}, 404),
    "a range": ("commits", {"ref": "main..feature"}, 404),
    "an option": ("commits", {"ref": "--all"}, 404),
    "a path upwards": ("blob", {"path": "../../../etc/passwd"}, 404),
    "an absolute path": ("blob", {"path": "/etc/passwd"}, 404),
    "the repository's own folder": ("blob", {"path": ".git/config"}, 404),
    "a NUL in the ref": ("tree", {"ref": "main\0x"}, 400),
    "a NUL in the path": ("blob", {"path": "README.md\0.html"}, 400),
    "nothing to compare": ("compare", {"base": "main"}, 400),
    "what is not there to compare": ("compare", {"base": "main", "head": "nothing"}, 404),
    "a limit of another type": ("commits", {"limit": "x"}, 400),
    "a limit in another script": ("commits", {"limit": "\u00b2"}, 400),
    "an archive of another form": ("archive", {"format": "exe"}, 400),
}


@pytest.mark.parametrize("name", MISSING)
def test_what_is_not_there(view: Callable[..., Any], name: str) -> None:
    """What is not there is a 404 and what cannot be is a 400, in a Status, without a word about the disk."""
    what, params, code = MISSING[name]
    answer = view(what, **params)
    assert (answer.status_code, failure(answer)["reason"]) == (code, {404: "NotFound", 400: "BadRequest"}[code])
    assert "/tmp" not in answer.text  # noqa: S108 - where test installations keep their repositories


def test_repository_that_is_not_hosted(admin: API, namespace: str) -> None:
    """Content of a repository that the host does not hold yet: 404."""
    created(admin, kinds.REPOSITORY, repository("api"), namespace)
    answer = admin.get(served_api.item(CONTENT, "api", namespace, "tree"))
    assert (answer.status_code, failure(answer)["details"]["name"]) == (404, "api")


@pytest.mark.parametrize("sub", kinds.CONTENT_VIEWS)
def test_each_view_is_a_right(user: NewUser, heads: dict[str, str], namespace: str, sub: str) -> None:
    """A right on one view of one repository opens that one alone."""
    reader = user(f"reader-{sub}", rules=[rule("get", kind=CONTENT, sub=sub, names=["web"])], namespace=namespace)
    params = {"path": "README.md" if sub in {"blob", "raw", "blame"} else "", "base": "main", "head": "feature"}
    codes = {
        view: reader.get(served_api.item(CONTENT, "web", namespace, view), params=params).status_code
        for view in kinds.CONTENT_VIEWS
    }
    assert {view for view, code in codes.items() if code == 200} == {sub}
    assert set(codes.values()) == {200, 403}
    assert reader.get(served_api.item(CONTENT, "api", namespace, sub)).status_code == 403
    assert reader.read(CONTENT, "web", namespace=namespace).status_code == 403


def test_content_is_only_read(admin: API, heads: dict[str, str], namespace: str) -> None:
    """Nothing is written through RepositoryContent, by anybody."""
    current = admin.read(CONTENT, "web", namespace=namespace).json()
    for answer in (
        admin.create(CONTENT, current, namespace=namespace),
        admin.update(CONTENT, current),
        admin.change(CONTENT, "web", {"status": {"size": 1}}, namespace=namespace),
        admin.remove(CONTENT, "web", namespace=namespace),
        admin.post(served_api.item(CONTENT, "web", namespace, "tree")),
    ):
        assert answer.status_code == 405
