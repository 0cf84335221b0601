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
    """Who owns the fields that this write sets."""
    kind: str = "CreateOptions"
    force: bool | None = None
    """Whether an apply takes fields from their owners; None where nothing was said."""

    @property
    def patches(self) -> bool:
        """Whether they are those of a patch."""
        return self.kind == "PatchOptions"

    def rendered(self) -> dict[str, object]:
        """The options as admission sees them."""
        found: dict[str, object] = {"kind": self.kind, "apiVersion": "meta.k8s.io/v1"}
        if self.dry_run:
            found["dryRun"] = ["All"]
        if self.field_manager:
            found["fieldManager"] = self.field_manager
        if self.force is not None:
            found["force"] = self.force
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


_FALSE: Final = frozenset({"0", "false"})


def flag(request: Request, name: str) -> bool | None:
    """A boolean of the query: only `0` and `false` are false (AM/pkg/runtime/conversion.go)."""
    return request.param(name).lower() not in _FALSE if name in request.query else None


def write_options(request: Request, kind: str, *, apply: bool = False) -> WriteOptions:
    """Parse and check the query parameters of a write.

    Args:
        request: the request.
        kind: CreateOptions, UpdateOptions, PatchOptions or DeleteOptions, for messages.
        apply: whether the patch is a server-side apply, which has to name its manager and may force.

    Raises:
        Invalid: a value is not supported.
    """
    dry_run, force = request.query.get("dryRun", []), flag(request, "force")
    validation, manager = request.param("fieldValidation"), request.param("fieldManager")
    problems = _manager_problems(manager, required=apply)
    if kind == "PatchOptions" and force is not None and not apply:
        text = "Forbidden: may not be specified for non-apply patch"
        problems.insert(0, Cause(CauseType.FORBIDDEN, text, "force"))
    problems += dry_run_problems(dry_run)
    if validation not in _VALIDATIONS:
        problems.append(errors.unsupported("fieldValidation", errors.quoted(validation), _VALIDATIONS))
    if problems:
        raise errors.Invalid.of(kind=kind, group="meta.k8s.io", name="", causes=problems)
    chosen = manager or _default_manager(request.header("user-agent"))
    return WriteOptions(bool(dry_run), validation or FieldValidation.WARN, chosen, kind, force)


def _manager_problems(manager: str, *, required: bool) -> list[Cause]:
    if not manager:
        text = "Required value: is required for apply patch"
        return [Cause(CauseType.REQUIRED, text, "fieldManager")] if required else []
    problems: list[Cause] = []
    if len(manager.encode()) > MAX_MANAGER:
        text = f"Too long: may not be more than {MAX_MANAGER} bytes"
        problems.append(Cause(CauseType.TOO_LONG, text, "fieldManager"))
    position, mark = next(((at, mark) for at, mark in enumerate(manager) if not mark.isprintable()), (0, ""))
    if mark:
        why = f"invalid character U+{ord(mark):04X} (at position {position})"
        problems.append(Cause(CauseType.INVALID, f"Invalid value: {errors.quoted(manager)}: {why}", "fieldManager"))
    return problems


def _default_manager(agent: str) -> str:
    """The name in front of the first slash of a User-Agent, as far as it is printable and fits."""
    plain = "".join(mark for mark in agent.partition("/")[0] if mark.isprintable())
    return plain.encode()[:MAX_MANAGER].decode(errors="ignore")
