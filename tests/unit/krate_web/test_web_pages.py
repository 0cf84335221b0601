"""Every page answers, says what it is about, and says so in its own words when it cannot."""

import re

import pytest

from krate import errors, kinds
from krate_kube.interface import Unreachable

PAGES = {
    "home": ("/", ["an approval is missing", "acme/web-40", "Organisations"]),
    "organization": ("/acme", ["Acme", "org/acme", "4</b> open", "never pushed", "alice · <time"]),
    "repository": (
        "/acme/web",
        ["repo/web", "Say who owns the router", "README.md", "http://127.0.0.1:7080/acme/web.git"],
    ),
    "directory": ("/acme/web/tree/auth", ["keys.py", "Directory above"]),
    "branch": ("/acme/web/tree/?ref=keys", ["tests", "Rotate from the scheduler"]),
    "empty repository": ("/acme/docs", ["git clone", "git push -u origin main", "Nothing was pushed yet"]),
    "pending repository": ("/acme/mobile", ["Waiting for the Git host", "as soon as the repository is Ready"]),
    "source": ("/acme/web/blob/auth/keys.py", ['id="L22"', '<i class="k">class</i>', "644 B"]),
    "document": ("/acme/web/blob/README.md", ["<strong>without downtime</strong>", "/acme/web/pulls/42"]),
    "document as text": ("/acme/web/blob/README.md?view=text", ['id="L3"', "The front door of Acme"]),
    "image": ("/acme/web/blob/docs/logo.png", ['<img src="/acme/web/raw/docs/logo.png"']),
    "commits": ("/acme/web/commits", ["Pin grpcio", "Say who owns the router"]),
    "branches": ("/acme/web/branches", ["split-router", "v1.0", "/acme/web/pulls/new?source=keys"]),
    "pulls": ("/acme/web/pulls", ["web-42", "web-39", "1/2", "area=auth", "a check failed"]),
    "merged pulls": ("/acme/web/pulls?q=is:merged", ["web-38", "Merged"]),
    "new pull": ("/acme/web/pulls/new?source=keys", ["3</b> commits", "merges cleanly", 'value="Keys"']),
    "conversation": ("/acme/web/pulls/42", ["pull/web-42", "What if the clock skews?", "1 of 2 approvals", "bob can"]),
    "files": ("/acme/web/pulls/42/files", ["line 18, added", "<mark>", 'id="thread-web-42-c1"', "deleted"]),
    "files side by side": ("/acme/web/pulls/42/files?view=split", ['class="diff split"', "line 17, unchanged"]),
    "pull commits": ("/acme/web/pulls/42/commits", ["Rotate from the scheduler"]),
    "checks": ("/acme/web/pulls/42/checks", ["ci/unit", "Failure", "1 of 214 failed"]),
    "pull yaml": ("/acme/web/pulls/42/yaml", ["kubectl get pull/web-42 -n acme -o yaml", "headSHA:"]),
    "hooks": ("/acme/web/hooks", ["require-description", "internal-refs", "via no-force-labels-everywhere", "ci/unit"]),
    "activity": (
        "/acme/-/activity?kind=PullRequest&name=web-42",
        ["mallory", "Denied \u00d73", "kubectl patch pull/web-42"],
    ),
    "yaml": ("/-/manifest/repositories.krate.a5c.ai/acme/web", ["repo/web", "cloneURLs:"]),
}


@pytest.mark.parametrize(("path", "words"), PAGES.values(), ids=list(PAGES))
async def test_page_shows_what_it_is_about(alice, path, words):
    """Each page answers 200 and holds its substance without a script having run."""
    answer = await alice.get(path)
    assert (answer.status_code, [word for word in words if word not in answer.text]) == (200, [])


@pytest.mark.parametrize("path", [path for path, _ in PAGES.values()], ids=list(PAGES))
async def test_page_without_a_session_leads_to_sign_in_and_back(sign_in, path):
    """Nobody sees a page signed out, and the sign-in form knows where they wanted to go."""
    answer = await sign_in("").get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/signin?next=%2F")


@pytest.mark.parametrize("path", [path for path, _ in PAGES.values()], ids=list(PAGES))
async def test_page_when_the_api_is_down_is_a_sentence(alice, world, path):
    """A page whose API server is away says so, with an id, and offers to try again."""
    world.down = Unreachable("cannot connect to https://api.krate.test:7443")
    answer = await alice.get(path)
    assert answer.status_code == 503
    assert "The API server cannot be reached" in answer.text
    assert f"krate trace {answer.headers['x-correlation-id']}" in answer.text
    assert "Try again" in answer.text


MISSING = {
    "organisation": "/nowhere",
    "no organisation name": "/Not_A_Name",
    "repository": "/acme/nope",
    "file": "/acme/web/blob/nope.py",
    "directory": "/acme/web/tree/nope",
    "revision": "/acme/web/tree/?ref=nope",
    "pull request": "/acme/web/pulls/999",
    "kind": "/-/manifest/nonsense/acme/web",
    "page": "/acme/web/nonsense/x",
}


@pytest.mark.parametrize("path", MISSING.values(), ids=list(MISSING))
async def test_what_is_not_there_is_a_sentence(alice, path):
    """A wrong address is a 404 page that says what may have happened and where to go."""
    answer = await alice.get(path)
    assert answer.status_code == 404
    assert "It is not here" in answer.text
    assert "It may have been renamed or deleted, or you may not see it." in answer.text


async def test_a_forbidden_page_names_the_right_and_who_can_help(alice, world):
    """A 403 repeats the server's reason and says who grants what is missing."""
    world.denied.add(("alice", "get", "repositories"))
    answer = await alice.get("/acme/web")
    assert answer.status_code == 403
    assert "cannot get resource" in answer.text
    assert "An owner of the organisation or a platform engineer can grant it." in answer.text


async def test_an_ended_session_is_forgotten(sign_in):
    """A cookie that the API no longer accepts is dropped and the visitor sent to sign in."""
    visitor = sign_in("alice")
    visitor.http.cookies.set("krate-80", "garbage")
    answer = await visitor.get("/acme")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/signin?next=%2Facme"
    assert 'krate-80=""' in answer.headers["set-cookie"]


async def test_hidden_kinds_are_named_on_the_hooks_page(alice, world):
    """What the reader may not list is said in a sentence instead of being left out in silence."""
    world.denied.add(("alice", "list", "validatingpolicies"))
    answer = await alice.get("/acme/web/hooks")
    assert "You may not list ValidatingPolicy of the cluster; a platform engineer can grant it." in answer.text
    assert "require-description" not in answer.text


async def test_secrets_are_on_no_page(alice, world):
    """The panel that shows every kind's YAML refuses Secrets."""
    answer = await alice.get("/-/panel/secrets/acme/token")
    assert answer.status_code == 403
    assert "values of Secrets are shown on no page" in answer.text


async def test_a_page_is_one_html_request(alice):
    """Nothing on a page needs a second HTML request before it is painted (ui.md, budgets)."""
    answer = await alice.get("/acme/web/pulls/42")
    loaded_at_once = re.findall(r'hx-trigger="(load[^"]*|revealed[^"]*)"', answer.text)
    assert loaded_at_once == []


async def test_organisations_come_from_queries_where_they_may_not_be_listed(alice, world):
    """Organisations are cluster-scoped; who may not list them still finds those whose repositories they may read."""
    world.denied.add(("alice", "list", "organizations"))
    answer = await alice.get("/")
    assert 'href="/acme"' in answer.text
    assert "3 repositories" in answer.text


async def test_raw_files_run_nothing(alice, world):
    """A file out of a repository is served sandboxed, as an image or as text, whatever it claims to be."""
    git = world.repositories[("acme", "web")]
    git.commit(
        "main",
        "Attack",
        {"evil.html": "<script>alert(1)</script>", "evil.svg": "<svg onload='alert(1)'/>"},
        author="mallory",
        at=world.now(),
    )
    for path in ("evil.html", "evil.svg"):
        answer = await alice.get(f"/acme/web/raw/{path}")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert (await alice.get("/acme/web/raw/docs/logo.png")).headers["content-type"] == "image/png"


async def test_an_empty_namespace_is_an_organisation_and_a_missing_one_is_not(alice, world):
    """The last repository's deletion does not turn an organisation into a 404."""
    world.store.seed({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "bare"}})
    answer = await alice.get("/bare")
    assert answer.status_code == 200
    assert "No repository yet" in answer.text


async def test_an_error_of_ours_is_a_page_with_headers_and_no_traceback(sign_in, world, monkeypatch):
    """An unexpected exception shows an id, keeps the security headers and tells nothing about the code."""
    world.down = ZeroDivisionError("secret detail")
    visitor = sign_in("alice")
    with pytest.raises(ZeroDivisionError):
        await visitor.get("/acme")
    visitor.http._transport.raise_app_exceptions = False
    answer = await visitor.get("/acme")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


async def test_timeouts_and_conflicts_of_the_api_keep_their_code(alice, world):
    """A Status of the API becomes a page with the same code."""
    for error in (errors.Timeout(), errors.ServiceUnavailable(), errors.InternalError.of("boom")):
        world.down = error
        assert (await alice.get("/acme/web")).status_code == error.http_code


async def test_lists_work_without_anything_in_them(alice, world):
    """Every list says what to do when it is empty."""
    for kind in (
        kinds.PULL_REQUEST,
        kinds.BRANCH_PROTECTION,
        kinds.REF_POLICY,
        kinds.VALIDATING_POLICY,
        kinds.NAMESPACED_VALIDATING_POLICY,
        kinds.VALIDATING_ADMISSION_POLICY_BINDING,
        kinds.ACTIVITY,
    ):
        await world.store.delete_collection(kind, namespace="acme" if kind.namespaced else "")
    assert "No open pull request" in (await alice.get("/acme/web/pulls")).text
    hooks = (await alice.get("/acme/web/hooks")).text
    assert "Every Writer may push to every ref" in hooks
    assert "No admission policy matches" in hooks
    assert "Nothing was recorded" in (await alice.get("/acme/-/activity")).text
    assert "Nothing waits for you." in (await alice.get("/acme")).text


OPTIONAL = [
    ("list", "organizations"),
    ("get", "organizations"),
    ("get", "namespaces"),
    ("list", "teams"),
    ("list", "branchprotections"),
    ("list", "refpolicies"),
    ("list", "validatingpolicies"),
    ("list", "namespacedvalidatingpolicies"),
    ("list", "validatingadmissionpolicies"),
    ("list", "validatingadmissionpolicybindings"),
    ("list", "reviews"),
    ("list", "comments"),
    ("list", "checks"),
]


async def test_looking_at_pages_leaves_no_refusal_in_the_audit(alice, world):
    """A page asks for the right before it reads what it can do without: trying it would look like an intrusion."""
    world.denied |= {("alice", verb, resource) for verb, resource in OPTIONAL}
    for path, _ in PAGES.values():
        if path != "/-/manifest/repositories.krate.a5c.ai/acme/web":
            assert (await alice.get(path)).status_code == 200, path
    assert world.refused == []


async def test_a_large_change_comes_in_groups(alice, world):
    """Of 40 large files the first paint holds a part; following the groups shows each file exactly once."""
    git = world.repositories[("acme", "web")]
    files = {f"big/{number:02}.py": "".join(f"x = {line}\n" for line in range(300)) for number in range(40)}
    git.commit("keys", "Big", files, author="alice", at=world.now())
    page = (await alice.get("/acme/web/pulls/42/files?view=split")).text
    assert page.count('class="line"') < 2_500
    assert page.count("data-file-link") == 44
    shown: list[str] = []
    while True:
        shown += re.findall(r'<section class="file" id="(f\d+)"', page)
        more = re.search(r'hx-get="([^"]*more-files[^"]*)"', page)
        if more is None:
            break
        page = (await alice.get(more[1].replace("&amp;", "&"))).text
        assert "<html" not in page
    assert shown == [f"f{number}" for number in range(44)]
