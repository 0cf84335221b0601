"""The compiled policy document of one repository: values, their canonical JSON, and its digest.

The document is what the receive path evaluates and what `HostedRefPolicy.spec.forProvider.document` holds. It names
its sources by kind and name only, so that an edit which changes no rule changes no digest. Every field is written;
a field that is missing was unknown to the writer and asks for nothing; a field that is unknown here is refused,
because it would be a rule that nobody enforces.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final, TypeVar, cast

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from krate.models.refpolicy import FailurePolicy, Mode, RefOperation
from krate_git.interface import PolicyInvalid

SCHEMA: Final = 1
_STRICT: Final = ConfigDict(extra="forbid")


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class Source:
    """The object whose rules these are."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class CheckRule:
    """A check that must have succeeded; any reporter will do when none is named."""

    context: str
    reporter: str = ""


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class BranchRules:
    """One BranchProtection; no branches mean the default branch."""

    source: Source
    branches: tuple[str, ...] = ()
    require_pull_request: bool = False
    required_approvals: int = 0
    require_distinct_teams: bool = False
    dismiss_stale_approvals: bool = False
    required_checks: tuple[CheckRule, ...] = ()
    require_up_to_date: bool = False
    require_linear_history: bool = False
    allow_force_push: bool = False
    allow_deletion: bool = False
    pushers: tuple[str, ...] = ()
    bypass: tuple[str, ...] = ()


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class Requirement:
    """What pushed commits must satisfy; patterns are RE2, zero and empty ask for nothing."""

    linear_history: bool = False
    message: str = ""
    author_email: str = ""
    max_file_size: int = 0
    max_files: int = 0
    no_submodules: bool = False
    no_symlinks: bool = False


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class RefRule:
    """One rule of a RefPolicy."""

    name: str
    refs: tuple[str, ...]
    operations: tuple[RefOperation, ...]
    deny: bool = False
    require: Requirement | None = None
    expression: str = ""
    message: str = ""


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class RefRules:
    """One RefPolicy."""

    source: Source
    mode: Mode
    failure_policy: FailurePolicy
    rules: tuple[RefRule, ...]


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class Document:
    """All rules of one repository, sources in order of their names."""

    repository: str
    """Name of the Repository object."""
    branches: tuple[BranchRules, ...] = ()
    refs: tuple[RefRules, ...] = ()
    schema: int = SCHEMA


_ADAPTER: Final = TypeAdapter(Document)

T = TypeVar("T")


def plain(value: object) -> Any:
    """A value as JSON types."""
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [plain(item) for item in cast("tuple[object, ...]", value)]
    return value


def encode(value: object) -> str:
    """Canonical JSON: sorted keys, no spaces, text as it is."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text: str) -> str:
    """`sha256:` and the hex digest of the UTF-8 bytes."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def decode(text: str) -> Document:
    """The inverse of `encode`.

    Raises:
        PolicyInvalid: the text is no document, or is newer than this program; the message names the first problem.
    """
    try:
        found = _ADAPTER.validate_json(text, strict=False)
    except ValidationError as error:
        first: Mapping[str, Any] = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise PolicyInvalid(f"the policy document cannot be loaded: {place}: {first['msg']}") from None
    if found.schema != SCHEMA:
        raise PolicyInvalid(f"the policy document has schema {found.schema}; this program knows {SCHEMA}")
    return found
