"""What people do to a pull request: each form becomes one object or one patch, and nothing else."""

from collections.abc import Mapping
from typing import Any, Final

from krate import errors, kinds
from krate.errors import Cause, CauseType
from krate.kinds import Kind
from krate.models.comment import Side
from krate.models.review import Decision
from krate_kube.interface import Object
from krate_web import forms, intents, places, pullfacts
from krate_web.endpoints import Action, Drafts, Plan
from krate_web.forms import Form
from krate_web.intents import Create, Patch
from krate_web.page import Page
from krate_web.pages import pull, pull_files
from krate_web.pages.new_pull import names_in
from krate_web.visits import Visit


def _required(kind: Kind, name: str, fields: Mapping[str, str]) -> None:
    """Raise what the server would, where the form alone shows it."""
    causes = [Cause(CauseType.REQUIRED, "Required value", field) for field, value in fields.items() if not value]
    if causes:
        raise errors.Invalid.of(kind=kind.name, group=kind.group, name=name, causes=causes)


async def _name(visit: Visit) -> str:
    found, _ = await pullfacts.find(visit)
    return found["metadata"]["name"]


def _patch(visit: Visit, name: str, spec: Mapping[str, Any]) -> Patch:
    return Patch(kinds.PULL_REQUEST, visit.params["namespace"], name, {"spec": spec})


async def merge(visit: Visit, form: Form) -> Patch:
    """Ask for the merge of the head that was on the page."""
    return _patch(visit, await _name(visit), {"merged": True, "mergeSHA": form["head"] or None})


async def withdraw(visit: Visit, form: Form) -> Patch:  # noqa: ARG001 - the shape of a plan
    """Take a request to merge back."""
    return _patch(visit, await _name(visit), {"merged": False, "mergeSHA": None})


async def close(visit: Visit, form: Form) -> Patch:
    """Close, or open again."""
    return _patch(visit, await _name(visit), {"closed": form["closed"] == "true"})


async def ready(visit: Visit, form: Form) -> Patch:
    """Mark as ready, or as a draft again."""
    return _patch(visit, await _name(visit), {"draft": form["draft"] == "true"})


async def edit(visit: Visit, form: Form) -> Patch:
    """Change title, body and reviewers: only what the person changed, so that nobody else's edit is undone.

    Raises:
        Conflict: somebody changed the same field since the form was shown.
    """
    stored, _ = await pullfacts.find(visit)
    spec, name = stored["spec"], stored["metadata"]["name"]
    wanted = {
        "title": form.line("title"),
        "body": form["body"].rstrip(),
        "reviewers": list(names_in(form["reviewers"])),
    }
    changed: dict[str, Any] = {}
    for field, value in wanted.items():
        before = spec.get(field) or ("" if field != "reviewers" else [])
        if value == before or forms.fingerprint(_text(value)) == form[f"{field}-was"]:
            continue
        if forms.fingerprint(_text(before)) != form[f"{field}-was"]:
            message = f"somebody changed the {field} since you opened the form; reload to see it"
            raise errors.Conflict.of(
                plural=kinds.PULL_REQUEST.plural, group=kinds.PULL_REQUEST.group, name=name, message=message
            )
        changed[field] = value
    if not form.preview:
        _required(kinds.PULL_REQUEST, name, {"spec.title": form.line("title")})
    return _patch(visit, name, changed)


def _text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else " ".join(value)


async def review(visit: Visit, form: Form) -> Create:
    """A verdict on the head that was on the page."""
    name = await _name(visit)
    decision = form["decision"] or (Decision.COMMENT if form.preview else "")
    if not form.preview:
        _required(kinds.REVIEW, f"{name}-", {"spec.decision": decision})
    spec = {"pullRequest": name, "decision": decision, "body": form["body"].rstrip(), "sha": form["head"]}
    return _create(kinds.REVIEW, visit, name, {key: value for key, value in spec.items() if value})


async def comment(visit: Visit, form: Form) -> Create:
    """A remark on the whole, on a line, or in a thread.

    Raises:
        Invalid: it says nothing.
        BadRequest: the line is none.
    """
    name = await _name(visit)
    if not form.preview:
        _required(kinds.COMMENT, f"{name}-", {"spec.body": form["body"].strip()})
    spec: dict[str, Any] = {
        "subject": {"kind": kinds.PULL_REQUEST.name, "name": name},
        "body": form["body"].rstrip(),
    }
    if form["reply"]:
        spec["inReplyTo"] = form["reply"]
    elif form["path"]:
        spec["anchor"] = _anchor(form)
    return _create(kinds.COMMENT, visit, name, spec)


def _anchor(form: Form) -> dict[str, Any]:
    if form["side"] not in set(Side) or not form["line"].isdecimal():
        raise errors.BadRequest("the comment names no line of the diff")
    return {"path": form["path"], "side": form["side"], "line": int(form["line"]), "sha": form["head"]}


def _create(kind: Kind, visit: Visit, pull_name: str, spec: Mapping[str, Any]) -> Create:
    return intents.create(kind, visit.params["namespace"], generate_name=f"{pull_name}-", spec=spec)


async def resolve(visit: Visit, form: Form) -> Patch:
    """Settle a thread, or open it again."""
    name = visit.params["comment"]
    return Patch(kinds.COMMENT, visit.params["namespace"], name, {"spec": {"resolved": form["resolved"] == "true"}})


async def page_of(visit: Visit, drafts: Drafts) -> Page:
    """The page that the form stood on, which its address names."""
    if visit.query("page") == "files":
        return await pull_files.build(visit, drafts)
    return await pull.build(visit, drafts)


def _back(visit: Visit, _result: Object) -> str:
    tab = "files" if visit.query("page") == "files" else ""
    return places.pull(visit.params["namespace"], visit.params["repository"], int(visit.params["number"]), tab)


def _action(form: str, plan: Plan) -> Action:
    return Action(form=form, plan=plan, build=page_of, done=_back, stays=True)


ACTIONS: Final[Mapping[str, Action]] = {
    "merge": _action("merge", merge),
    "withdraw": _action("merge", withdraw),
    "close": _action("close", close),
    "ready": _action("merge", ready),
    "edit": _action("edit", edit),
    "review": _action("review", review),
    "comments": _action("comment", comment),
    "comments/{comment}/resolve": _action("resolve", resolve),
}
"""Actions by their path below a pull request."""
