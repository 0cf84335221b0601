"""RefPolicy: rules over every ref a push or a merge touches, not only branches."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from krate.models.branchprotection import CompiledStatus
from krate.models.meta import LabelSelector, Model, Ref, Resource, StringSet, list_map


class Mode(StrEnum):
    """Whether a failing rule refuses the push or only records it."""

    AUDIT = "Audit"
    ENFORCE = "Enforce"


class FailurePolicy(StrEnum):
    """What an evaluation error means."""

    FAIL = "Fail"
    IGNORE = "Ignore"


class RefOperation(StrEnum):
    """What a push does to a ref."""

    CREATE = "Create"
    UPDATE = "Update"
    FORCE_UPDATE = "ForceUpdate"
    DELETE = "Delete"


class RefRequirement(Model):
    """What the pushed commits must satisfy."""

    linear_history: bool = False
    """No merge commits."""
    message: str = ""
    """Pattern (RE2) that every commit message must match."""
    author_email: str = ""
    """Pattern (RE2) that every author's email must match."""
    max_file_size: Annotated[int, Field(ge=0)] = 0
    """Largest blob in bytes; 0 means no limit."""
    max_files: Annotated[int, Field(ge=0)] = 0
    """Most files changed by the push; 0 means no limit."""
    no_submodules: bool = False
    """No submodule links."""
    no_symlinks: bool = False
    """No symbolic links."""


class RefRule(Model):
    """One rule: where it applies and what it demands."""

    name: Annotated[str, Field(min_length=1, max_length=63)]
    """Name shown to whoever is refused."""
    refs: StringSet = ("refs/**",)
    """Ref globs: `*` within a path segment, `**` across segments."""
    operations: Annotated[tuple[RefOperation, ...], Field(json_schema_extra={"x-kubernetes-list-type": "set"})] = (
        RefOperation.CREATE,
        RefOperation.UPDATE,
        RefOperation.FORCE_UPDATE,
        RefOperation.DELETE,
    )
    """Operations the rule looks at."""
    deny: bool = False
    """Refuse always."""
    require: RefRequirement | None = None
    """What the pushed commits must satisfy."""
    expression: str = ""
    """CEL over ref, operation, pusher, via, commits, files; false refuses."""
    message: str = ""
    """What to do instead, shown to whoever is refused."""


class RefPolicySpec(Model):
    """Which repositories, and the rules."""

    repository_ref: Ref | None = None
    """The one repository that is meant."""
    repository_selector: LabelSelector | None = None
    """Repositories of the namespace, by label; the empty selector means all."""
    mode: Mode = Mode.ENFORCE
    """Enforce refuses; Audit lets through and records."""
    failure_policy: FailurePolicy = FailurePolicy.FAIL
    """Whether a rule that cannot be evaluated refuses."""
    rules: Annotated[tuple[RefRule, ...], Field(min_length=1, json_schema_extra=list_map("name"))]
    """The rules; all must pass."""


class RefPolicy(Resource):
    """Rules over the refs and commits of a push, enforced in the receive path."""

    spec: RefPolicySpec
    """Which repositories, and the rules."""
    status: CompiledStatus = CompiledStatus()
    """What became of the rules, written by controllers."""
