"""Facts about comments and checks: what they speak of must exist."""

from krate import kinds
from krate.errors import Cause, CauseType
from krate_api.admission.interface import Operation
from krate_api.forge import objects
from krate_api.forge.pull_facts import missing
from krate_api.forge.source import Inquiry, Source
from krate_api.strategies.interface import Facts


async def comment(source: Source, ask: Inquiry) -> Facts:
    """Only problems: a missing subject, a thread of another subject, a missing review."""
    if ask.operation is not Operation.CREATE:
        return Facts()
    namespace, spec = ask.obj["metadata"]["namespace"], ask.obj["spec"]
    subject = spec["subject"]["name"]
    problems: list[Cause] = []
    if await objects.get(source.store, kinds.PULL_REQUEST, namespace, subject) is None:
        problems.append(missing("spec.subject.name", subject))
    if parent_name := spec.get("inReplyTo"):
        parent = await objects.get(source.store, kinds.COMMENT, namespace, parent_name)
        if parent is None or parent["spec"]["subject"]["name"] != subject:
            problems.append(missing("spec.inReplyTo", parent_name))
        elif parent["spec"].get("inReplyTo"):
            text = f'Invalid value: "{parent_name}": reply to {parent["spec"]["inReplyTo"]}, which starts the thread'
            problems.append(Cause(CauseType.INVALID, text, "spec.inReplyTo"))
    if review_name := spec.get("review"):
        review = await objects.get(source.store, kinds.REVIEW, namespace, review_name)
        if review is None or review["spec"]["pullRequest"] != subject:
            problems.append(missing("spec.review", review_name))
    return Facts({}, tuple(problems))


async def check(source: Source, ask: Inquiry) -> Facts:
    """Only problems: a missing repository."""
    if ask.operation is not Operation.CREATE:
        return Facts()
    name = ask.obj["spec"]["repository"]
    if await objects.get(source.store, kinds.REPOSITORY, ask.obj["metadata"]["namespace"], name) is None:
        return Facts({}, (missing("spec.repository", name),))
    return Facts()
