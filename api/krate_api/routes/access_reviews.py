"""Access reviews (authorization.k8s.io/v1): may somebody do something, and what may I do.

The model is KK/pkg/registry/authorization. Selectors can narrow a request but grant nothing: RBAC does not look at
them, and one that cannot be read is passed over and said so.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson

from krate import errors, kinds, names, selectors
from krate.errors import Cause, CauseType
from krate.identity import Attributes, Caller
from krate.kinds import Kind
from krate_api.authz.authorizer import RbacAuthorizer
from krate_api.registry.call import Call

Object = dict[str, Any]

_OF_SETS: Final = frozenset({"In", "NotIn"})
_OF_PRESENCE: Final = frozenset({"Exists", "DoesNotExist"})


class AccessReviews:
    """Answers from the rules that authorise requests."""

    def __init__(self, authorizer: RbacAuthorizer) -> None:
        self._authorizer = authorizer

    async def answer(self, obj: Object, call: Call) -> Object:
        """A review about whomever it names, or about the caller.

        Raises:
            Invalid: it asks nothing, or two things at once.
        """
        # Zero values are absence: Go's clients write some of them.
        obj = {**obj, "metadata": {key: value for key, value in obj["metadata"].items() if value}}
        causes = problems(obj)
        if causes:
            # The kind is empty upstream too: validation sees the object before its kind is written into it.
            raise errors.Invalid.of(kind="", group=kinds.SUBJECT_ACCESS_REVIEW.group, name="", causes=causes)
        spec = obj.get("spec") or {}
        myself = obj["kind"] == kinds.SELF_SUBJECT_ACCESS_REVIEW.name
        decision = await self._authorizer.review(call.caller if myself else _subject(spec), _attributes(spec))
        status: Object = {"allowed": decision.allowed}
        if decision.reason:
            status["reason"] = decision.reason
        if told := _passed_over(spec.get("resourceAttributes") or {}):
            status["evaluationError"] = told
        return {**obj, "status": status}

    async def rules(self, obj: Object, call: Call) -> Object:
        """Every rule the caller holds in a namespace.

        Raises:
            BadRequest: no namespace is named.
        """
        namespace = (obj.get("spec") or {}).get("namespace")
        if not namespace:
            raise errors.BadRequest("no namespace on request")
        held = [rule.source for rule in await self._authorizer.rules(call.caller, namespace)]
        status = {
            "resourceRules": [
                _shown(rule, "apiGroups", "resources", "resourceNames") for rule in held if rule.get("resources")
            ],
            "nonResourceRules": [_shown(rule, "nonResourceURLs") for rule in held if rule.get("nonResourceURLs")],
            "incomplete": False,
        }
        return {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "metadata": {}, "spec": {}, "status": status}


def _shown(rule: Mapping[str, Any], *members: str) -> Object:
    return {member: list(rule[member]) for member in ("verbs", *members) if rule.get(member)}


def problems(obj: Mapping[str, Any]) -> list[Cause]:
    """What is wrong with a review (KK/pkg/apis/authorization/validation)."""
    spec: Mapping[str, Any] = obj.get("spec") or {}
    resource, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    found: list[Cause] = []
    if resource is not None and path is not None:
        text = "cannot be specified in combination with resourceAttributes"
        found.append(_invalid("spec.nonResourceAttributes", _path(path), text))
    if resource is None and path is None:
        text = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        found.append(_invalid("spec.resourceAttributes", "null", text))
    myself = obj["kind"] == kinds.SELF_SUBJECT_ACCESS_REVIEW.name
    if not myself and not spec.get("user") and not spec.get("groups"):
        found.append(_invalid("spec.user", '""', "at least one of user or group must be specified"))
    for member, key_problems in (("fieldSelector", _any), ("labelSelector", names.label_key_problems)):
        found += _selector_problems((resource or {}).get(member), f"spec.resourceAttributes.{member}", key_problems)
    local = obj["kind"] == kinds.LOCAL_SUBJECT_ACCESS_REVIEW.name
    return [*found, *_metadata_problems(obj["metadata"], local=local), *(_local_problems(obj) if local else ())]


def _any(key: str) -> tuple[str, ...]:  # noqa: ARG001 - the shape of a rule about keys
    return ()


def _metadata_problems(metadata: Mapping[str, Any], *, local: bool) -> list[Cause]:
    kept = {key: value for key, value in metadata.items() if key != "managedFields"}
    if not kept.keys() - ({"namespace"} if local else set()):
        return []
    text = "must be empty except for namespace" if local else "must be empty"
    return [_invalid("metadata", orjson.dumps(kept).decode(), text)]


def _local_problems(obj: Mapping[str, Any]) -> list[Cause]:
    """A local review is about the namespace it is made in."""
    spec: Mapping[str, Any] = obj.get("spec") or {}
    resource, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    found: list[Cause] = []
    if resource is not None and (named := resource.get("namespace", "")) != obj["metadata"].get("namespace", ""):
        field = "spec.resourceAttributes.namespace"
        found.append(_invalid(field, errors.quoted(named), "must match metadata.namespace"))
    if path is not None:
        found.append(_invalid("spec.nonResourceAttributes", _path(path), "disallowed on this kind of request"))
    return found


def _selector_problems(
    selector: Mapping[str, Any] | None, field: str, key_problems: Callable[[str], Sequence[str]]
) -> list[Cause]:
    if selector is None:
        return []
    raw, requirements = selector.get("rawSelector"), selector.get("requirements")
    found: list[Cause] = []
    if raw and requirements:
        text = "may not specified at the same time as requirements"
        found.append(_invalid(f"{field}.rawSelector", errors.quoted(raw), text))
    if not raw and not requirements:
        text = f"when {field} is specified, requirements or rawSelector is required"
        found.append(_required(f"{field}.requirements", text))
    for number, one in enumerate(requirements or ()):
        found += _requirement_problems(one, f"{field}.requirements[{number}]", key_problems)
    return found


def _requirement_problems(
    one: Mapping[str, Any], field: str, key_problems: Callable[[str], Sequence[str]]
) -> list[Cause]:
    found: list[Cause] = []
    key, values = one.get("key", ""), one.get("values")
    if key_problems is _any and not key:
        found.append(_required(f"{field}.key", "must be specified"))
    if one.get("operator") in _OF_SETS and not values:
        found.append(_required(f"{field}.values", "must be specified when `operator` is 'In' or 'NotIn'"))
    if one.get("operator") in _OF_PRESENCE and values:
        text = "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        found.append(Cause(CauseType.FORBIDDEN, text, f"{field}.values"))
    return [*found, *(_invalid(f"{field}.key", errors.quoted(key), text) for text in key_problems(key))]


def _subject(spec: Mapping[str, Any]) -> Caller:
    extra = {key: tuple(values) for key, values in (spec.get("extra") or {}).items()}
    return Caller(spec.get("user", ""), tuple(spec.get("groups") or ()), spec.get("uid", ""), extra)


def _attributes(spec: Mapping[str, Any]) -> Attributes:
    asked: Mapping[str, str] | None = spec.get("resourceAttributes")
    if asked is None:
        path: Mapping[str, str] = spec["nonResourceAttributes"]
        return Attributes(path.get("verb", ""), path=path.get("path", ""))
    members = ("verb", "group", "version", "resource", "subresource", "namespace", "name")
    return Attributes(*(asked.get(member, "") for member in members))


def _passed_over(resource: Mapping[str, Any]) -> str:
    """Which selectors could not be read, wholly or in part."""
    told: list[str] = []
    for member, parse, readable in (
        ("fieldSelector", selectors.parse_fields, _readable_field),
        ("labelSelector", selectors.parse_labels, _readable_label),
    ):
        selector: Mapping[str, Any] = resource.get(member) or {}
        good = [readable(one) for one in selector.get("requirements") or ()]
        if (raw := selector.get("rawSelector")) and not _parses(parse, raw):
            good.append(False)
        if not all(good):
            told.append(
                f"spec.resourceAttributes.{member} {'partially ' if any(good) else ''}ignored due to parse error"
            )
    return "; ".join(told)


def _parses(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except errors.BadRequest:
        return False
    return True


def _readable_field(one: Mapping[str, Any]) -> bool:
    return one.get("operator") in _OF_SETS and len(one.get("values") or ()) == 1


def _readable_label(one: Mapping[str, Any]) -> bool:
    if one.get("operator") not in _OF_SETS | _OF_PRESENCE:
        return False
    return not any(names.label_value_problems(value) for value in one.get("values") or ())


def _path(path: Mapping[str, str]) -> str:
    """As Go prints the value inside the message."""
    return orjson.dumps({"Path": path.get("path", ""), "Verb": path.get("verb", "")}).decode()


def _invalid(field: str, shown: str, text: str) -> Cause:
    return Cause(CauseType.INVALID, f"Invalid value: {shown}: {text}", field)


def _required(field: str, text: str) -> Cause:
    return Cause(CauseType.REQUIRED, f"Required value: {text}", field)


KINDS: Final[tuple[Kind, ...]] = (
    kinds.SUBJECT_ACCESS_REVIEW,
    kinds.LOCAL_SUBJECT_ACCESS_REVIEW,
    kinds.SELF_SUBJECT_ACCESS_REVIEW,
)
