"""Validation of a value, cause by cause, in the steps and the words of kube-openapi (pkg/validation/validate).

It counts what matched, as upstream does, because the causes of `anyOf` and `oneOf` are those of the alternative with
the most matches. Old values beside new ones make it ratchet (AX/pkg/apiserver/validation/ratcheting.go).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from krate.errors import Cause, CauseType
from krate_api.schemas import causes, gofmt, numeric
from krate_api.schemas.correlation import Pair, equal
from krate_api.schemas.nodes import TYPE_META, Node, type_of

_ENOUGH: Final = 1000
"""Problems of one list after which nobody looks further: far fewer are told."""
_GO_FORMATS: Final = {"integer": "int64", "number": "float64"}
"""What Go's types of numbers are called in the place of a format."""


@dataclass(slots=True)
class Result:
    """Causes without repetitions, and how many checks passed."""

    found: dict[Cause, None] = field(default_factory=dict[Cause, None])
    matches: int = 0

    @property
    def valid(self) -> bool:
        return not self.found

    def add(self, found: Iterable[Cause]) -> None:
        self.found.update(dict.fromkeys(found))

    def merge(self, other: "Result") -> None:
        self.found.update(other.found)
        self.matches += other.matches


def check(node: Node, value: Any, path: str = "", pair: Pair | None = None, *, ratchet: bool = True) -> Result:
    """Everything that is wrong with `value`.

    Args:
        node: what it should be.
        value: of the types that JSON is read as.
        path: where it stands.
        pair: the value beside its old one, on an update.
        ratchet: whether an unchanged value may stay wrong; alternatives of `allOf` and the like may not.
    """
    result = Result()
    if value is None:
        result.merge(_type(node, value, path))
        result.add(_enum(node, value, path))
    else:
        _check_present(node, value, path, pair, result)
    if result.found and ratchet and pair is not None and pair.unchanged:
        result.found.clear()
    return result


def _check_present(node: Node, value: Any, path: str, pair: Pair | None, result: Result) -> None:
    if node.types or node.format:
        result.merge(_type(node, value, path))
        result.matches += 1
    result.merge(_alternatives(node, value, path, pair))
    result.matches += 1
    if isinstance(value, str):
        result.add(_text(node, value, path))
        result.matches += 1
        if node.check:
            result.add(_format(node, value, path))
            result.matches += 1
    elif isinstance(value, int | float) and not isinstance(value, bool):
        result.add(numeric.problems(node, value, path))
        result.matches += 2
    elif isinstance(value, list):
        result.merge(_list(node, value, path, pair))
        result.matches += 1
    result.add(_enum(node, value, path))
    result.matches += 1
    if isinstance(value, dict):
        result.merge(_object(node, value, path, pair))
        result.matches += 1
    result.matches += 1


def _type(node: Node, value: Any, path: str) -> Result:
    found = _type_problem(node, value)
    if found is None:
        return Result(matches=1)
    wanted, got = found
    detail = f"{path} in body must be of type {wanted}: {gofmt.quote(got)}"
    return Result({causes.type_invalid(path, got, detail): None})


def _type_problem(node: Node, value: Any) -> tuple[str, str] | None:
    """What the type should be, and what it is."""
    wanted, got = ",".join(node.types), type_of(value)
    if got == "null":
        return (wanted, got) if node.types and not node.nullable else None
    whole = got == "number" and "integer" in node.types and numeric.is_whole(float(value))
    fits = got in node.types or whole or (got == "integer" and "number" in node.types)
    like_text = got in {"string", "array"}
    if node.format and not like_text and not fits and _GO_FORMATS.get(got) != node.format:
        return node.format, _GO_FORMATS.get(got, "")
    if node.format and like_text and not {"number", "integer"} & set(node.types):
        return None
    return None if fits else (wanted, got)


def _enum(node: Node, value: Any, path: str) -> Iterable[Cause]:
    options = node.schema.get("enum")
    if not options or any(_same(value, option) for option in options):
        return
    yield causes.unsupported(path, value, (one if isinstance(one, str) else gofmt.encode(one) for one in options))


def _same(value: Any, option: Any) -> bool:
    """Equality after Go's conversion to the type of the option: 1 is 1.0, and 1.5 is cut to 1."""
    if option is None or value is None:
        return False
    kinds = type_of(value), type_of(option)
    if kinds == ("integer", "number"):
        return float(value) == option
    if kinds == ("number", "integer"):
        return int(value) == option
    return equal(value, option)


def _text(node: Node, value: str, path: str) -> Iterable[Cause]:
    """The first problem of a text."""
    schema = node.schema
    most, least = schema.get("maxLength"), schema.get("minLength")
    if most is not None and len(value) > most:
        yield causes.too_long(path, most)
    elif least is not None and len(value) < least:
        yield causes.invalid(path, value, f"{path} in body should be at least {least} chars long")
    elif node.pattern is not None and not node.pattern.search(value):
        yield causes.invalid(path, value, f"{path} in body should match '{schema['pattern']}'")


def _format(node: Node, value: str, path: str) -> Iterable[Cause]:
    if node.check and not node.check(value):
        detail = f"{path} in body must be of type {node.format}: {gofmt.quote(value)}"
        yield causes.type_invalid(path, value, detail)


def _list(node: Node, value: list[Any], path: str, pair: Pair | None) -> Result:
    result = Result(matches=1)
    if node.items is not None:
        for number, item in enumerate(value):
            if len(result.found) > _ENOUGH:
                break
            inner = pair.item(number) if pair else None
            result.merge(check(node.items, item, causes.child(path, number), inner))
    least, most = node.schema.get("minItems"), node.schema.get("maxItems")
    if least is not None and len(value) < least:
        result.add([causes.invalid(path, len(value), f"{path} in body should have at least {least} items")])
    if most is not None and len(value) > most:
        result.add([causes.too_many(path, len(value), most)])
    if node.schema.get("uniqueItems") and _repeats(value):
        result.add([causes.invalid(path, "", f"{path} in body shouldn't contain duplicates")])
    return result


def _repeats(items: list[Any]) -> bool:
    return len({(type_of(item), gofmt.encode(item)) for item in items}) < len(items)


def _object(node: Node, value: dict[str, Any], path: str, pair: Pair | None) -> Result:
    result = Result()
    result.add(_counted(node, value, path))
    for name in value:
        if name not in node.properties:
            if node.additional is False:
                detail = f"{path}.{name} in body is a forbidden property"
                result.add([causes.invalid(path, name, detail)])
            elif isinstance(node.additional, Node):
                result.merge(_member(node.additional, name, value, path, pair))
    for name, sub in node.properties.items():
        if name in value:
            result.merge(_member(sub, name, value, path, pair))
    result.add(causes.required(causes.child(path, name)) for name in node.required if name not in value)
    return result


def _member(node: Node, name: str, value: dict[str, Any], path: str, pair: Pair | None) -> Result:
    inner = pair.member(name) if pair and (path or name not in TYPE_META) else None
    return check(node, value[name], causes.child(path, name), inner)


def _counted(node: Node, value: dict[str, Any], path: str) -> Iterable[Cause]:
    least, most = node.schema.get("minProperties"), node.schema.get("maxProperties")
    if least is not None and len(value) < least:
        yield causes.invalid(path, len(value), f"{path} in body should have at least {least} properties")
    if most is not None and len(value) > most:
        yield causes.too_many(path, len(value), most)


def _alternatives(node: Node, value: Any, path: str, pair: Pair | None) -> Result:
    result = Result(matches=1)

    def tried(options: Iterable[Node]) -> list[Result]:
        return [check(option, value, path, pair, ratchet=False) for option in options]

    if node.any_of:
        _any_of(tried(node.any_of), path, result)
    if node.one_of:
        _one_of(tried(node.one_of), path, result)
    if node.all_of:
        _all_of(tried(node.all_of), path, result)
    if node.negated is not None and tried([node.negated])[0].valid:
        result.add([_composite(f"{gofmt.quote(path)} must not validate the schema (not)")])
    return result


def _composite(text: str) -> Cause:
    return causes.invalid("", "", text)


def _best(results: Iterable[Result]) -> Result:
    """The failure with the most matches; of several the first."""
    return max(results, key=lambda one: one.matches)


def _any_of(results: list[Result], path: str, into: Result) -> None:
    success = next((one for one in results if one.valid), None)
    if success is None:
        into.add([_composite(f"{gofmt.quote(path)} must validate at least one schema (anyOf)")])
    into.merge(success or _best(results))


def _one_of(results: list[Result], path: str, into: Result) -> None:
    valid = [one for one in results if one.valid]
    if len(valid) == 1:
        into.merge(valid[0])
        return
    why = f"Found {len(valid)} valid alternatives" if valid else "Found none valid"
    into.add([_composite(f"{gofmt.quote(path)} must validate one and only one schema (oneOf). {why}")])
    if not valid:
        into.merge(_best(results))


def _all_of(results: list[Result], path: str, into: Result) -> None:
    for one in results:
        into.merge(one)
    valid = sum(one.valid for one in results)
    if valid != len(results):
        why = "" if valid else ". None validated"
        into.add([_composite(f"{gofmt.quote(path)} must validate all the schemas (allOf){why}")])


BLOCKING: Final = frozenset(
    {CauseType.NOT_SUPPORTED, CauseType.REQUIRED, CauseType.TOO_LONG, CauseType.TOO_MANY, CauseType.TYPE_INVALID}
)
"""Causes of an object whose rules are not looked at (AX/pkg/registry/customresource/strategy.go, hasBlockingErr)."""
