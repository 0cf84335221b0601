"""BranchProtection: what must hold before a branch moves."""

from typing import Annotated

from pydantic import Field

from krate.models.meta import ConditionedStatus, LabelSelector, Model, Ref, Resource, StringSet, list_map


class RequiredCheck(Model):
    """A check that must have succeeded on the head commit."""

    context: Annotated[str, Field(min_length=1)]
    """Name of the check."""
    reporter: str = ""
    """User that must have reported it; empty accepts any reporter."""


class Protection(Model):
    """Rules of protected branches."""

    branches: StringSet = ()
    """Branch names or globs (`release/*`); empty protects the default branch."""
    require_pull_request: bool = True
    """Refuse direct pushes; changes arrive by merging a pull request."""
    required_approvals: Annotated[int, Field(ge=0, le=10)] = 0
    """Approvals by Writers other than the author, for the current head."""
    require_distinct_teams: bool = False
    """Whether the approvals must come from different teams."""
    dismiss_stale_approvals: bool = True
    """Whether a push makes earlier approvals stale."""
    required_checks: Annotated[tuple[RequiredCheck, ...], Field(json_schema_extra=list_map("context"))] = ()
    """Checks that must have succeeded on the head commit."""
    require_up_to_date: bool = False
    """Whether the source branch must contain the target branch."""
    require_linear_history: bool = False
    """Refuse merge commits."""
    allow_force_push: bool = False
    """Allow pushes that drop commits."""
    allow_deletion: bool = False
    """Allow the branch to be deleted."""
    pushers: StringSet = ()
    """Users that may push without a pull request; every other rule still binds them."""
    bypass: StringSet = ()
    """Users that no rule here binds; each use is audited."""


class BranchProtectionSpec(Protection):
    """Which branches of which repositories, and the rules."""

    repository_ref: Ref | None = None
    """The one repository that is meant."""
    repository_selector: LabelSelector | None = None
    """Repositories of the namespace, by label; the empty selector means all."""


class CompiledStatus(ConditionedStatus):
    """What became of the rules."""

    matched_repositories: int = 0
    """How many repositories the rules apply to."""
    digest: str = ""
    """Digest of this object's own compiled fragment."""


class BranchProtection(Resource):
    """Rules that the receive path and the merge service enforce on branches."""

    spec: BranchProtectionSpec = BranchProtectionSpec()
    """Which branches of which repositories, and the rules."""
    status: CompiledStatus = CompiledStatus()
    """What became of the rules, written by controllers."""
