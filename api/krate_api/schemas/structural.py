"""One structural schema at work: unknown fields out, defaults in, problems named in upstream's words.

A schema is read once (`nodes`) and compiled to closures and to Rust; `validation` finds words for what Rust refuses.
The order of the steps is that of AX/pkg/registry/customresource/strategy.go.
"""

import contextlib
import functools
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

import jsonschema_rs

from krate.errors import Cause, CauseType
from krate.lazily import lazy
from krate.schema import Schema
from krate_api.schemas import causes, defaulting, embedded, listtypes, nodes, pruning, validation
from krate_api.schemas.budgets import Budget
from krate_api.schemas.correlation import Pair
from krate_api.schemas.fast import Quick

MAX_PROBLEMS: Final = 100
"""Problems that are told of one object: a body of mistakes must not become an answer a hundred times its size."""
_UNRULED: Final = causes.invalid(
    "",
    None,
    "some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation",
)
"""Stands in for rules that were not looked at."""
_MORE: Final = Cause(CauseType.INVALID, "Invalid value: there are more problems than are told here")


class StructuralSchema:
    """A schema compiled once.

    Args:
        schema: a structural schema, which may not change any more.
        unchecked: formats that somebody else checks.

    Raises:
        ValueError: a pattern in it is none.
    """

    typed: bool = False
    """Whether `prune` decodes the whole object, metadata included."""

    def __init__(self, schema: Schema, *, unchecked: Collection[str] = ()) -> None:
        self._schema = schema
        self.node = nodes.read(schema, unchecked)
        self._prune = pruning.compiled(self.node, root=True)
        self._default = defaulting.compiled(self.node)
        self._has_lists = listtypes.matters(self.node)
        self._has_embedded = embedded.matters(self.node)

    @lazy
    def _rules(self) -> Callable[[Any, Pair | None], Budget] | None:
        """Judges by rules; CEL, which takes its time to load, is there for schemas that have any."""
        if not nodes.has_rules(self._schema):
            return None
        from krate_api.schemas import rules  # noqa: PLC0415 - loads the CEL engine

        return functools.partial(rules.problems, rules.of(self._schema))

    @lazy
    def _quick(self) -> Quick | None:
        try:
            return Quick(self.node)
        except (ValueError, jsonschema_rs.ReferencingError):  # a pattern too large for Rust
            return None

    def prune(self, obj: dict[str, Any]) -> list[str]:
        """Remove what the schema does not know, in place; answers the paths that went, sorted.

        The kind, version and metadata of the object itself stay as they are; metadata of what is embedded is reduced to
        an ObjectMeta.

        Raises:
            Malformed: metadata of something embedded has a member of a wrong type.
        """
        gone = sorted(path.removeprefix(".") for path in self._prune(obj))
        return gone + sorted(embedded.coerce(self.node, obj)) if self._has_embedded else gone

    def default(self, obj: dict[str, Any]) -> None:
        """Write defaults into the object, in place; nulls that are not allowed go.

        Defaults of what is embedded give it an ObjectMeta, whatever else the schema has for its metadata.
        """
        if self._default:
            self._default(obj)
            if self._has_embedded:
                with contextlib.suppress(embedded.Malformed):  # Validation says it.
                    embedded.coerce(self.node, obj)

    def problems(
        self,
        obj: Mapping[str, Any],
        old: Mapping[str, Any] | None = None,
        warn: Callable[[str], None] | None = None,
        *,
        part: str = "",
    ) -> list[Cause]:
        """What is wrong with an object; of very many problems the first `MAX_PROBLEMS`, and that there are more.

        Args:
            obj: the object, pruned and with its defaults.
            old: what it replaces: what did not change may stay as wrong as it was.
            warn: is told which rules were broken before and stay broken.
            part: the member that is written, where the others are not looked at.
        """
        pair = Pair(obj, old, self.node) if old is not None else None
        found = [] if self._quick and self._quick.accepts(obj) else self._problems(obj, pair, part)
        if (judge := self._rules) is not None:
            blocked = any(cause.type in validation.BLOCKING for cause in found)
            if blocked:
                return [*found[:MAX_PROBLEMS], _UNRULED]
            judged = judge(obj, pair)
            found += judged.found
            if warn:
                for cause in judged.forgiven:
                    warn(f"{cause.field}: {cause.message}")
        return [*found[:MAX_PROBLEMS], _MORE] if len(found) > MAX_PROBLEMS else found

    def _problems(self, obj: Mapping[str, Any], pair: Pair | None, part: str) -> list[Cause]:
        found = self._wrong_part(obj, pair, part) if part else list(validation.check(self.node, obj, pair=pair).found)
        found += embedded.problems(self.node, obj) if self._has_embedded else []
        if self._has_lists and not (pair and any(True for _ in listtypes.problems(self.node, pair.old))):
            found += listtypes.problems(self.node, obj)
        return found

    def _wrong_part(self, obj: Mapping[str, Any], pair: Pair | None, part: str) -> list[Cause]:
        """Problems of one member, whose texts speak of paths inside it, as upstream's."""
        node = self.node.properties.get(part)
        if node is None or part not in obj:
            return []
        return causes.placed(validation.check(node, obj[part], pair=pair and pair.member(part)).found, part)
