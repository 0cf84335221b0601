"""Every form is one request to the API; the panel shows that very request; a refusal loses nothing."""

import html
import json
import re

import pytest
import yaml

import web_rules
from krate import errors, kinds
from krate_web import forms

PULL = "/acme/web/pulls/42"
HEAD = "9" * 40
SUBJECT = {"kind": "PullRequest", "name": "web-42"}
TITLE = "Rotate signing keys without downtime"


def was(**texts):
    """Hidden fields of the edit form: what it started from."""
    return {f"{name}-was": forms.fingerprint(text) for name, text in texts.items()}


# Path, fields, verb, kind, name, the spec that is sent.
REQUESTS = {
    "merge": (f"{PULL}/merge", {"head": HEAD}, "patch", kinds.PULL_REQUEST, {"merged": True, "mergeSHA": HEAD}),
    "withdraw": (f"{PULL}/withdraw", {}, "patch", kinds.PULL_REQUEST, {"merged": False, "mergeSHA": None}),
    "close": (f"{PULL}/close", {"closed": "true"}, "patch", kinds.PULL_REQUEST, {"closed": True}),
    "reopen": (f"{PULL}/close", {"closed": "false"}, "patch", kinds.PULL_REQUEST, {"closed": False}),
    "mark as ready": (f"{PULL}/ready", {"draft": "false"}, "patch", kinds.PULL_REQUEST, {"draft": False}),
    "edit the title": (
        f"{PULL}/edit",
        {"title": "New ", "body": "x", "reviewers": "bob carol", **was(title=TITLE, body="x", reviewers="bob carol")},
        "patch",
        kinds.PULL_REQUEST,
        {"title": "New"},
    ),
    "edit the reviewers": (
        f"{PULL}/edit",
        {"title": TITLE, "body": "x", "reviewers": "@bob, dan", **was(title=TITLE, body="x", reviewers="bob carol")},
        "patch",
        kinds.PULL_REQUEST,
        {"reviewers": ["bob", "dan"]},
    ),
    "approve": (
        f"{PULL}/review",
        {"decision": "Approve", "body": "Good.\r\n", "head": HEAD},
        "create",
        kinds.REVIEW,
        {"pullRequest": "web-42", "decision": "Approve", "body": "Good.", "sha": HEAD},
    ),
    "review without words": (
        f"{PULL}/review",
        {"decision": "RequestChanges", "head": HEAD},
        "create",
        kinds.REVIEW,
        {"pullRequest": "web-42", "decision": "RequestChanges", "sha": HEAD},
    ),
    "comment": (f"{PULL}/comments", {"body": "Hm"}, "create", kinds.COMMENT, {"subject": SUBJECT, "body": "Hm"}),
    "reply": (
        f"{PULL}/comments",
        {"body": "Hm", "reply": "web-42-c1"},
        "create",
        kinds.COMMENT,
        {"subject": SUBJECT, "body": "Hm", "inReplyTo": "web-42-c1"},
    ),
    "comment on a line": (
        f"{PULL}/comments?page=files",
        {"body": "Hm", "path": "auth/keys.py", "side": "New", "line": "12", "head": HEAD},
        "create",
        kinds.COMMENT,
        {
            "subject": SUBJECT,
            "body": "Hm",
            "anchor": {"path": "auth/keys.py", "side": "New", "line": 12, "sha": HEAD},
        },
    ),
    "resolve": (
        f"{PULL}/comments/web-42-c1/resolve",
        {"resolved": "true"},
        "patch",
        kinds.COMMENT,
        {"resolved": True},
    ),
    "new pull request": (
        "/acme/web/pulls/new",
        {
            "title": " Keys ",
            "body": "Because.\n",
            "source": "keys",
            "target": "main",
            "reviewers": "bob",
            "draft": "true",
        },
        "create",
        kinds.PULL_REQUEST,
        {
            "repository": "web",
            "title": "Keys",
            "body": "Because.",
            "source": {"branch": "keys"},
            "target": {"branch": "main"},
            "reviewers": ["bob"],
            "draft": True,
        },
    ),
}
TABLE = pytest.mark.parametrize(
    ("path", "fields", "verb", "kind", "spec"), REQUESTS.values(), ids=[name.replace(" ", "-") for name in REQUESTS]
)


def sent(world):
    """The last mutation that reached the API."""
    return [one for one in world.store.actions if one.verb in {"create", "patch", "update", "delete"}]


@TABLE
@pytest.mark.parametrize("htmx", [True, False], ids=["htmx", "plain"])
async def test_a_form_is_one_request(bob, world, *, htmx, path, fields, verb, kind, spec):
    """With scripts and without, a form becomes exactly one object or one merge patch, under our field manager."""
    answer = await bob.post(path, htmx=htmx, **fields)
    (action,) = sent(world)
    assert (action.verb, action.kind, action.body["spec"]) == (verb, kind, spec)
    assert action.options == {"fieldManager": "krate-web", "fieldValidation": "Strict"}
    if verb == "patch":
        assert set(action.body) == {"spec"}
    if htmx and "new" not in path:
        assert (answer.status_code, "<hx-partial" in answer.text) == (200, True)
    elif htmx:
        assert (answer.status_code, answer.headers["hx-redirect"]) == (204, "/acme/web/pulls/43")
    else:
        assert answer.status_code == 303


@TABLE
async def test_the_panel_shows_the_request_that_the_form_sends(bob, world, *, path, fields, verb, kind, spec):
    """What the panel copies is what the button sends, and showing it sends nothing (UI-04)."""
    shown = await bob.post(path, htmx=True, preview="1", **fields)
    assert (shown.status_code, sent(world)) == (200, [])
    commands = [html.unescape(text) for text in re.findall(r'data-copy="([^"]*)"', shown.text)]
    kubectl, curl, text = commands
    if verb == "create":
        assert yaml.safe_load(text)["spec"] == spec
        assert kubectl.startswith("kubectl create -f - <<'KRATE'\n")
    else:
        assert json.loads(re.search(r"-p '(.*)'$", kubectl)[1].replace("'\"'\"'", "'")) == {"spec": spec}
        assert "changed" in shown.text or kind is kinds.PULL_REQUEST
    assert kind.plural in curl
    await bob.post(path, htmx=True, **fields)
    (action,) = sent(world)
    assert action.body["spec"] == spec


MISTAKES = {
    "no title": ("/acme/web/pulls/new", {"title": "", "source": "keys", "target": "main"}, 422, "spec.title"),
    "no branch": ("/acme/web/pulls/new", {"title": "x", "source": "", "target": "main"}, 422, "spec.source.branch"),
    "no words": (f"{PULL}/comments", {"body": "  "}, 422, "spec.body"),
    "no decision": (f"{PULL}/review", {"body": "x"}, 422, "spec.decision"),
    "no line": (f"{PULL}/comments", {"body": "x", "path": "a", "side": "New", "line": "x"}, 400, "no line of the diff"),
    "a side that is none": (f"{PULL}/comments", {"body": "x", "path": "a", "side": "Up", "line": "1"}, 400, "no line"),
    "a pull request that is none": ("/acme/web/pulls/999/close", {"closed": "true"}, 404, "not found"),
    "a comment that is none": (f"{PULL}/comments/nope/resolve", {"resolved": "true"}, 404, "not found"),
    "an edit over another's": (
        f"{PULL}/edit",
        {"title": "Mine", "body": "x", "reviewers": "", **was(title="What it was", body="x", reviewers="")},
        409,
        "somebody changed the title since you opened the form",
    ),
}


@pytest.mark.parametrize(("path", "fields", "code", "words"), MISTAKES.values(), ids=list(MISTAKES))
@pytest.mark.parametrize("htmx", [True, False], ids=["htmx", "plain"])
async def test_a_mistake_is_said_at_the_form(bob, world, *, htmx, path, fields, code, words):
    """What makes no sense is refused beside the form, with the field; with htmx nothing else of the page moves."""
    before = world.store.ledger.version
    answer = await bob.post(path, htmx=htmx, **fields)
    assert answer.status_code == code
    assert words in answer.text
    assert world.store.ledger.version == before
    if htmx:
        assert re.fullmatch(r'<hx-partial hx-target="\[id=\'[\w-]+-problem\'\]".*</hx-partial>', answer.text, re.DOTALL)


async def test_a_refused_pull_request_keeps_everything_that_was_typed(bob, world):
    """The demo's refusal: the policy is named, the field it reads is marked, and no word is lost."""
    world.refuse = web_rules.refuse_empty_descriptions
    fields = {
        "title": "Mine <b>",
        "body": "too few",
        "source": "keys",
        "target": "main",
        "reviewers": "carol",
        "draft": "true",
    }
    plain = await bob.post("/acme/web/pulls/new", **fields)
    assert plain.status_code == 400
    for words in (
        "require-description refused this",
        "say in the description why this change is needed",
        'data-field="body"',
        "/-/manifest/validatingpolicies.policies.kyverno.io/-/require-description",
        'value="Mine &lt;b&gt;"',
        ">too few</textarea>",
        'value="carol"',
        'value="true" checked',
        '<option value="keys" selected>',
    ):
        assert words in plain.text
    assert re.search(r'<textarea name="body"[^>]* aria-invalid="true"', plain.text)
    assert world.store.stored(kinds.PULL_REQUEST, "web-43", namespace="acme") is None


async def test_a_merge_of_a_head_that_moved_is_a_conflict_at_the_button(bob, world):
    """The API's 409 is shown where the button was, with what to do."""

    def moved(kind, body):
        raise errors.Conflict.of(plural=kind.plural, group=kind.group, name="web-42", message="the head is now abc")

    world.refuse = moved
    answer = await bob.post(f"{PULL}/merge", htmx=True, head=HEAD)
    assert answer.status_code == 409
    assert "the head is now abc" in answer.text
    assert "Look at what changed, then try again." in answer.text
    assert "hx-target=\"[id='merge-problem']\"" in answer.text


async def test_an_ended_session_keeps_the_form(bob, world):
    """A session that ended while somebody typed is said at the form, and the form stays as it is."""
    world.down = errors.Unauthorized()
    answer = await bob.post(f"{PULL}/comments", htmx=True, body="A long and careful remark")
    assert answer.status_code == 401
    assert "Your session has ended. Sign in again; what you typed is kept on this page." in answer.text
    assert "hx-redirect" not in answer.headers


async def test_what_was_done_is_not_reported_as_refused(bob, world):
    """When the page cannot be built again after a success, the browser is sent to load it, not told of a failure."""
    create = world.store.create

    async def create_and_go_down(*args, **options):
        stored = await create(*args, **options)
        world.down = errors.ServiceUnavailable()
        return stored

    world.store.create = create_and_go_down
    answer = await bob.post(f"{PULL}/comments", htmx=True, body="Done")
    assert (answer.status_code, answer.headers["hx-redirect"]) == (204, PULL)


BUTTONS = {
    "everybody may merge": (set(), ["Merge when ready"], ["You may not merge"]),
    "no right to merge": (
        {("bob", "create", "repositories/merge")},
        ["You may not merge into web. alice, bob or carol can.", "disabled"],
        ["Merge when ready"],
    ),
    "no right to review": ({("bob", "create", "reviews")}, ['id="comment"'], ['id="review"']),
    "reader": (
        {("bob", "create", "reviews"), ("bob", "create", "comments"), ("bob", "patch", "pullrequests")},
        ["You may read this conversation"],
        ['id="review"', 'id="comment"', 'id="edit"', 'id="close"'],
    ),
}


@pytest.mark.parametrize(("denied", "shown", "hidden"), BUTTONS.values(), ids=list(BUTTONS))
async def test_buttons_follow_access_reviews(bob, world, denied, shown, hidden):
    """What is offered is what an access review allows; nothing here knows a rule (UI-09)."""
    world.denied |= denied
    page = (await bob.get(PULL)).text
    assert [words for words in shown if words not in page] == []
    assert [words for words in hidden if words in page] == []


async def test_a_hidden_button_is_no_permission(bob, world):
    """A form that is not offered is refused by the API when it is sent anyway."""
    world.denied.add(("bob", "patch", "pullrequests"))
    answer = await bob.post(f"{PULL}/close", htmx=True, closed="true")
    assert answer.status_code == 403
    assert sent(world) == []
