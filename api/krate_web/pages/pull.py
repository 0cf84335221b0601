"""A pull request: its head, its merge box and its conversation."""

from dataclasses import dataclass
from typing import Any, ClassVar

from markupsafe import Markup

from krate import kinds, models
from krate_web import mergebox, places, pullfacts, repositories, threads
from krate_web.endpoints import Drafts
from krate_web.markdown import Place
from krate_web.mergebox import MergeBox
from krate_web.page import Crumb, Fragment, Page, Tab
from krate_web.pullfacts import PullFacts
from krate_web.standing import State
from krate_web.threads import Entry
from krate_web.visits import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class PullPage(Page):
    """What every tab of a pull request shows."""

    facts: PullFacts
    box: MergeBox
    tab: str

    @property
    def pull(self) -> models.PullRequest:
        return self.facts.pull

    @property
    def state(self) -> State:
        return self.box.state

    @property
    def reference(self) -> str:
        """The object as kubectl names it."""
        return f"pull/{self.facts.name}"

    @property
    def tabs(self) -> tuple[Tab, ...]:
        facts, status = self.facts, self.pull.status

        def tab(key: str, text: str, count: int | None = None) -> Tab:
            below = "" if key == "conversation" else key
            return Tab(
                key, text, places.pull(facts.namespace, self.pull.spec.repository, facts.number, below), count=count
            )

        return (
            tab("conversation", "Conversation", len(facts.comments) + len(facts.reviews)),
            tab("files", "Files", status.changed_files),
            tab("commits", "Commits", status.commits),
            tab("checks", "Checks", len(facts.checks)),
            tab("yaml", "YAML"),
        )

    def at(self, tab: str) -> str:
        """Address of a tab, or of an action below the pull request."""
        return places.pull(self.facts.namespace, self.pull.spec.repository, self.facts.number, tab)

    @property
    def activity(self) -> str:
        return places.activity(self.facts.namespace, kind=kinds.PULL_REQUEST.name, name=self.facts.name)

    def fragments(self) -> tuple[Fragment, ...]:
        return (Fragment("pull-head", "fragments/pull-head.html"), Fragment("merge-box", "fragments/merge-box.html"))


def base(visit: Visit, facts: PullFacts, tab: str, *, wide: bool = False) -> dict[str, Any]:
    """Members that all tabs share."""
    pull = facts.pull
    box = mergebox.box(facts)
    crumbs = (
        Crumb("pull requests", places.pulls(facts.namespace, pull.spec.repository), mono=False),
        Crumb(facts.name),
    )
    frame = repositories.frame(
        visit,
        facts.repository,
        "pulls",
        *crumbs,
        title=f"{pull.spec.title} · {facts.name}",
        manifest=places.manifest(kinds.PULL_REQUEST, facts.namespace, facts.name),
        tone=box.state.tone,
        wide=wide,
    )
    return {"frame": frame, "facts": facts, "box": box, "tab": tab, "watches": facts.watches}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationPage(PullPage):
    """The conversation."""

    template: ClassVar[str] = "pages/conversation.html"
    body: Markup
    entries: tuple[Entry, ...]

    def fragments(self) -> tuple[Fragment, ...]:
        return (
            *PullPage.fragments(self),
            Fragment("timeline", "fragments/timeline.html"),
            Fragment("pull-rail", "fragments/pull-rail.html"),
            Fragment("pull-close", "fragments/pull-close.html"),
        )


async def show(visit: Visit) -> ConversationPage:
    return await build(visit, {})


async def build(visit: Visit, drafts: Drafts) -> ConversationPage:
    facts = await pullfacts.load(visit)
    texts = threads.bodies(facts.comments, facts.reviews, facts.pull.spec.body)
    place = Place(facts.namespace, facts.pull.spec.repository, facts.pull.spec.source.branch)
    body, *rest = await visit.site.workshop.markdown(texts, place)
    count = len(facts.comments)
    entries = threads.timeline(
        threads.threads(facts.comments, rest[:count]),
        threads.verdicts(facts.reviews, rest[count:]),
        threads.moments(facts.pull),
    )
    return ConversationPage(**base(visit, facts, "conversation"), drafts=drafts, body=body, entries=entries)
