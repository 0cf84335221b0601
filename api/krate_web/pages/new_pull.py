"""A new pull request: pick two branches, see what would change, say why; a refusal stands at the field it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from krate import errors, kinds, models
from krate.errors import Cause, CauseType
from krate.models.content import BranchView, CommitView, CompareView
from krate_kube.interface import Object
from krate_web import contents, intents, places, repositories
from krate_web.contents import Contents
from krate_web.endpoints import Action, Drafts
from krate_web.forms import Form
from krate_web.intents import Create
from krate_web.page import Crumb, Fragment, Page
from krate_web.visits import Visit

FORM = "new-pull"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPullPage(Page):
    """The form."""

    template: ClassVar[str] = "pages/new-pull.html"
    repository: models.Repository
    branches: tuple[BranchView, ...]
    source: str
    target: str
    comparison: CompareView | None
    commits: tuple[CommitView, ...]
    trouble: str
    """Why the branches cannot be compared."""
    title: str
    body: str
    reviewers: str
    draft_asked: bool

    @property
    def action(self) -> str:
        return places.new_pull(self.repository.metadata.namespace, self.repository.metadata.name)

    @property
    def others(self) -> tuple[BranchView, ...]:
        return tuple(branch for branch in self.branches if not branch.default)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to merge."""
        return self.comparison is not None and not self.comparison.ahead

    def fragments(self) -> tuple[Fragment, ...]:
        return (Fragment("comparison", "fragments/comparison.html"),)


async def show(visit: Visit) -> NewPullPage:
    return await build(visit, {})


async def build(visit: Visit, drafts: Drafts) -> NewPullPage:
    repository = await repositories.load(visit)
    namespace, name = repository.metadata.namespace, repository.metadata.name
    draft = drafts[FORM].values if FORM in drafts else Form()
    branches: tuple[BranchView, ...] = ()
    reader = Contents(visit.client, namespace, name)
    if await contents.has_content(visit.client, namespace, name):
        branches = (await reader.branches()).items
    target = draft["target"] or visit.query("target") or repository.spec.default_branch
    source = draft["source"] or visit.query("source") or _first_other(branches, target)
    comparison, commits, trouble = await _compare(reader, target, source)
    above = Crumb("pull requests", places.pulls(namespace, name), mono=False)
    return NewPullPage(
        frame=repositories.frame(visit, repository, "pulls", above, Crumb("new", mono=False)),
        drafts=drafts,
        repository=repository,
        branches=branches,
        source=source,
        target=target,
        comparison=comparison,
        commits=commits,
        trouble=trouble,
        title=draft["title"] if drafts else suggested_title(source, commits),
        body=draft["body"] if drafts else _suggested_body(commits),
        reviewers=draft["reviewers"],
        draft_asked=bool(draft["draft"]),
    )


def _first_other(branches: Sequence[BranchView], target: str) -> str:
    return next((branch.name for branch in branches if branch.name != target), "")


async def _compare(
    reader: Contents, target: str, source: str
) -> tuple[CompareView | None, tuple[CommitView, ...], str]:
    if not source:
        return None, (), ""
    if source == target:
        return None, (), "Source and target are the same branch."
    try:
        comparison = await reader.compare(target, source)
        limit = min(comparison.ahead, contents.MAX_COMMITS)
        found = await reader.commits(source, limit=limit) if limit else None
    except (errors.NotFound, errors.BadRequest, errors.Invalid) as problem:
        return None, (), problem.message
    return comparison, found.items if found else (), ""


def suggested_title(source: str, commits: Sequence[CommitView]) -> str:
    """The only commit's title, else the branch's name as words."""
    if len(commits) == 1:
        return commits[0].title[:256]
    words = source.rpartition("/")[2].replace("-", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _suggested_body(commits: Sequence[CommitView]) -> str:
    """What the only commit's message says below its title."""
    if len(commits) != 1:
        return ""
    return commits[0].message.partition("\n")[2].strip()


async def plan(visit: Visit, form: Form) -> Create:
    """The PullRequest that the form describes.

    Raises:
        Invalid: a branch or the title is missing.
    """
    name = visit.params["repository"]
    required = {
        "spec.title": form.line("title"),
        "spec.source.branch": form["source"],
        "spec.target.branch": form["target"],
    }
    causes = [Cause(CauseType.REQUIRED, "Required value", field) for field, value in required.items() if not value]
    if causes and not form.preview:
        raise errors.Invalid.of(
            kind=kinds.PULL_REQUEST.name, group=kinds.PULL_REQUEST.group, name=f"{name}-", causes=causes
        )
    spec: dict[str, Any] = {
        "repository": name,
        "title": form.line("title"),
        "body": form["body"].rstrip(),
        "source": {"branch": form["source"]},
        "target": {"branch": form["target"]},
    }
    if reviewers := names_in(form["reviewers"]):
        spec["reviewers"] = list(reviewers)
    if form["draft"]:
        spec["draft"] = True
    kept = {key: value for key, value in spec.items() if value or key in {"title", "source", "target"}}
    return intents.create(kinds.PULL_REQUEST, visit.params["namespace"], generate_name=f"{name}-", spec=kept)


def names_in(text: str) -> tuple[str, ...]:
    """User names out of a line, separated by blanks or commas."""
    return tuple(dict.fromkeys(word.lstrip("@") for word in text.replace(",", " ").split()))


def _done(visit: Visit, created: Object) -> str:
    namespace, name = visit.params["namespace"], visit.params["repository"]
    number = (created.get("status") or {}).get("number")
    return places.pull(namespace, name, number) if number else places.pulls(namespace, name)


CREATE = Action(form=FORM, plan=plan, build=build, done=_done)
