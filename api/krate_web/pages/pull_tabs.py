"""The smaller tabs of a pull request: commits, checks, YAML."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from krate import kinds, models
from krate.models.check import CheckState
from krate_web import contents, manifests, pullfacts
from krate_web.manifests import Manifest
from krate_web.page import Fragment
from krate_web.pages.history import Day, by_day
from krate_web.pages.pull import PullPage, base
from krate_web.standing import State, Tone
from krate_web.visits import Visit

CHECK_STATES: Final = {
    CheckState.SUCCESS: State("Success", "check", Tone.OK),
    CheckState.FAILURE: State("Failure", "x", Tone.BAD),
    CheckState.ERROR: State("Error", "triangle-alert", Tone.BAD),
    CheckState.PENDING: State("Pending", "circle-dashed", Tone.WARN),
    CheckState.SKIPPED: State("Skipped", "circle-slash", Tone.QUIET),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PullCommitsPage(PullPage):
    """The commits that would be merged."""

    template: ClassVar[str] = "pages/pull-commits.html"
    days: tuple[Day, ...]
    more: bool


async def commits(visit: Visit) -> PullCommitsPage:
    facts = await pullfacts.load(visit)
    found = await contents.pull_commits(visit.client, facts.namespace, facts.name)
    return PullCommitsPage(**base(visit, facts, "commits"), days=by_day(found.items), more=found.more)


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check of the head commit."""

    name: str
    context: str
    state: State
    description: str
    link: str
    reporter: str
    at: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecksPage(PullPage):
    """What reporters said of the head commit."""

    template: ClassVar[str] = "pages/checks.html"
    rows: tuple[CheckRow, ...]

    def fragments(self) -> tuple[Fragment, ...]:
        return (*PullPage.fragments(self), Fragment("checks", "fragments/checks.html"))


def latest(checks: Sequence[models.Check]) -> tuple[models.Check, ...]:
    """The newest check of each context and reporter, of checks that come oldest first (kinds.md, "Approvals")."""
    return tuple({(check.spec.context, check.status.reporter): check for check in checks}.values())


def check_row(check: models.Check) -> CheckRow:
    spec = check.spec
    return CheckRow(
        name=check.metadata.name,
        context=spec.context,
        state=CHECK_STATES[spec.state],
        description=spec.description,
        link=spec.target_url if spec.target_url.startswith(("https://", "http://")) else "",
        reporter=check.status.reporter,
        at=check.metadata.creation_timestamp or "",
        version=check.metadata.resource_version,
    )


async def checks(visit: Visit) -> ChecksPage:
    facts = await pullfacts.load(visit)
    rows = sorted(
        map(check_row, latest(facts.checks)), key=lambda row: (row.state.tone is Tone.OK, row.context, row.reporter)
    )
    return ChecksPage(**base(visit, facts, "checks"), rows=tuple(rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class PullYamlPage(PullPage):
    """The object as the server holds it."""

    template: ClassVar[str] = "pages/pull-yaml.html"
    manifest: Manifest

    def fragments(self) -> tuple[Fragment, ...]:
        return (
            *PullPage.fragments(self),
            Fragment("manifest", "fragments/manifest-page.html", {"manifest": self.manifest}),
        )


async def yaml(visit: Visit) -> PullYamlPage:
    facts = await pullfacts.load(visit)
    manifest = manifests.of_object(kinds.PULL_REQUEST, facts.stored, api_url=visit.site.settings.api_url)
    return PullYamlPage(**base(visit, facts, "yaml"), manifest=manifest)
