"""One authenticated request on its way through the registry."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from krate import errors, names
from krate.errors import Cause, CauseType
from krate.identity import Caller
from krate_api.admission.interface import Review
from krate_api.http import Request


@dataclass(slots=True)
class Call:
    """Who asks, under which correlation id; warnings gather here until the response is sent."""

    caller: Caller
    correlation_id: str = ""
    user_agent: str = ""
    authorised: bool = False
    """Whether authorization has let the request through; what is refused before that, it refused."""
    review: Review = field(default_factory=Review)

    def warn(self, text: str) -> None:
        if text not in self.review.warnings:
            self.review.warnings.append(text)

    @property
    def controller(self) -> bool:
        """Whether one of Krate's own controllers asks."""
        prefix = names.service_account_user(names.SYSTEM_NAMESPACE, "")
        return self.caller.username.startswith(prefix)


class FieldValidation:
    """Values of `fieldValidation`."""

    IGNORE: Final = "Ignore"
    WARN: Final = "Warn"
    STRICT: Final = "Strict"


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """Query parameters of a write."""

    dry_run: bool = False
    field_validation: str = FieldValidation.WARN
    field_manager: str = ""
    kind: str = "CreateOptions"

    def rendered(self) -> dict[str, object]:
        """The options as admission sees them."""
        found: dict[str, object] = {"kind": self.kind, "apiVersion": "meta.k8s.io/v1"}
        if self.dry_run:
            found["dryRun"] = ["All"]
        if self.field_manager:
            found["fieldManager"] = self.field_manager
        if self.field_validation != FieldValidation.WARN:
            found["fieldValidation"] = self.field_validation
        return found


_VALIDATIONS: Final = ("", FieldValidation.IGNORE, FieldValidation.STRICT, FieldValidation.WARN)
MAX_MANAGER: Final = 128


def dry_run_problems(values: Sequence[str]) -> list[Cause]:
    """What is wrong with dryRun, of a query or of DeleteOptions: all is the only part there is."""
    if all(value == "All" for value in values):
        return []
    shown = ", ".join(map(errors.quoted, values))
    return [errors.unsupported("dryRun", f"[{shown}]", ("All",))]


def write_options(request: Request, kind: str) -> WriteOptions:
    """Parse and check the query parameters of a write.

    Args:
        request: the request.
        kind: CreateOptions, UpdateOptions, PatchOptions or DeleteOptions, for messages.

    Raises:
        Invalid: a value is not supported.
    """
    dry_run = request.query.get("dryRun", [])
    problems = dry_run_problems(dry_run)
    validation = request.param("fieldValidation")
    if validation not in _VALIDATIONS:
        problems.append(errors.unsupported("fieldValidation", errors.quoted(validation), _VALIDATIONS))
    manager = request.param("fieldManager")
    if len(manager) > MAX_MANAGER:
        text = f"Too long: may not be more than {MAX_MANAGER} bytes"
        problems.append(Cause(CauseType.TOO_LONG, text, "fieldManager"))
    for position, mark in enumerate(manager):
        if not mark.isprintable():
            text = (
                f"Invalid value: {errors.quoted(manager)}: invalid character U+{ord(mark):04X} (at position {position})"
            )
            problems.append(Cause(CauseType.INVALID, text, "fieldManager"))
            break
    if kind == "PatchOptions" and "force" in request.query:
        text = "Forbidden: may not be specified for non-apply patch"
        problems.append(Cause(CauseType.FORBIDDEN, text, "force"))
    if problems:
        raise errors.Invalid.of(kind=kind, group="meta.k8s.io", name="", causes=problems)
    agent = request.header("user-agent").partition("/")[0]
    default_manager = "".join(mark for mark in agent if mark.isprintable())[:MAX_MANAGER]
    return WriteOptions(bool(dry_run), validation or FieldValidation.WARN, manager or default_manager, kind)
