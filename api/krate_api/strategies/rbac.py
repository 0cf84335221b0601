"""Strategies of RBAC objects (KK/pkg/apis/rbac/validation): what could not mean anything is refused.

A binding that seems to grant nothing, or a role of another kind or group than it says, is how rights get lost or found.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from krate import errors, kinds, names
from krate.errors import Cause, CauseType
from krate_api.strategies.interface import Object, Stamp, Strategy

GROUP: Final = kinds.ROLE.group
_SUBJECTS: Final = ("ServiceAccount", "User", "Group")


class RoleStrategy(Strategy):
    """Rules speak of resources or of paths, the latter in the whole cluster only."""

    def problems(self, obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> Sequence[Cause]:
        namespaced = bool(obj["metadata"].get("namespace"))
        found: list[Cause] = []
        for number, rule in enumerate(obj.get("rules") or []):
            found += _rule(rule, f"rules[{number}]", namespaced=namespaced)
        if obj.get("aggregationRule") is not None:
            found += _aggregation(obj["aggregationRule"])
        return found


def _rule(rule: Mapping[str, Any], field: str, *, namespaced: bool) -> list[Cause]:
    found: list[Cause] = []
    if not rule.get("verbs"):
        found.append(_required(f"{field}.verbs", "verbs must contain at least one value"))
    if urls := rule.get("nonResourceURLs"):
        at, shown = f"{field}.nonResourceURLs", orjson.dumps(urls).decode()
        if namespaced:
            found.append(_invalid(at, shown, "namespaced rules cannot apply to non-resource URLs"))
        if any(rule.get(member) for member in ("apiGroups", "resources", "resourceNames")):
            found.append(_invalid(at, shown, "rules cannot apply to both regular resources and non-resource URLs"))
        return found
    if not rule.get("apiGroups"):
        found.append(_required(f"{field}.apiGroups", "resource rules must supply at least one api group"))
    if not rule.get("resources"):
        found.append(_required(f"{field}.resources", "resource rules must supply at least one resource"))
    return found


def _aggregation(rule: Mapping[str, Any]) -> list[Cause]:
    field = "aggregationRule.clusterRoleSelectors"
    given = rule.get("clusterRoleSelectors") or []
    if not given:
        return [_required(field, "at least one clusterRoleSelector required if aggregationRule is non-nil")]
    found: list[Cause] = []
    for number, selector in enumerate(given):
        problems = _selector(selector, f"{field}[{number}]")
        if problems:
            found += [*problems, _invalid(f"{field}[{number}]", "null", "invalid label selector.")]
    return found


def _selector(selector: Mapping[str, Any], field: str) -> list[Cause]:
    found: list[Cause] = []
    for key, value in (selector.get("matchLabels") or {}).items():
        for shown, texts in ((key, names.label_key_problems(key)), (value, names.label_value_problems(value))):
            found += [_invalid(f"{field}.matchLabels", errors.quoted(shown), text) for text in texts]
    for number, expression in enumerate(selector.get("matchExpressions") or []):
        found += _expression(expression, f"{field}.matchExpressions[{number}]")
    return found


def _expression(expression: Mapping[str, Any], field: str) -> list[Cause]:
    found: list[Cause] = []
    operator, values = expression.get("operator"), expression.get("values") or []
    if operator in {"In", "NotIn"} and not values:
        found.append(_required(f"{field}.values", "must be specified when `operator` is 'In' or 'NotIn'"))
    if operator in {"Exists", "DoesNotExist"} and values:
        text = "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        found.append(Cause(CauseType.FORBIDDEN, text, f"{field}.values"))
    key = expression.get("key", "")
    return [
        *found,
        *(_invalid(f"{field}.key", errors.quoted(key), text) for text in names.label_key_problems(key)),
        *(
            _invalid(f"{field}.values[{number}]", errors.quoted(value), text)
            for number, value in enumerate(values)
            for text in names.label_value_problems(value)
        ),
    ]


class BindingStrategy(Strategy):
    """Bindings default the groups of subjects and of the role."""

    def prepare(self, obj: Object, stamp: Stamp) -> None:
        subjects = obj.get("subjects")
        for subject in subjects if isinstance(subjects, list) else ():
            if isinstance(subject, dict) and not subject.get("apiGroup") and subject.get("kind") in ("User", "Group"):
                subject["apiGroup"] = GROUP
        ref = obj.get("roleRef")
        if isinstance(ref, dict) and not ref.get("apiGroup"):
            ref["apiGroup"] = GROUP

    def problems(self, obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> Sequence[Cause]:
        namespaced = bool(obj["metadata"].get("namespace"))
        found = _role(obj["roleRef"], namespaced=namespaced)
        for number, subject in enumerate(obj.get("subjects") or []):
            found += _subject(subject, f"subjects[{number}]", namespaced=namespaced)
        if old is not None and obj["roleRef"] != old["roleRef"]:
            members = {"APIGroup": "apiGroup", "Kind": "kind", "Name": "name"}
            shown = orjson.dumps({said: obj["roleRef"].get(member, "") for said, member in members.items()}).decode()
            found.append(_invalid("roleRef", shown, "cannot change roleRef"))
        return found


def _role(ref: Mapping[str, Any], *, namespaced: bool) -> list[Cause]:
    found: list[Cause] = []
    allowed = ("Role", "ClusterRole") if namespaced else ("ClusterRole",)
    group, kind, name = (ref.get(member, "") for member in ("apiGroup", "kind", "name"))
    if group != GROUP:
        found.append(errors.unsupported("roleRef.apiGroup", errors.quoted(group), (GROUP,)))
    if kind not in allowed:
        found.append(errors.unsupported("roleRef.kind", errors.quoted(kind), allowed))
    if not name:
        return [*found, _required("roleRef.name")]
    shown = errors.quoted(name)
    return [*found, *(_invalid("roleRef.name", shown, text) for text in names.path_segment_problems(name))]


def _subject(subject: Mapping[str, Any], field: str, *, namespaced: bool) -> list[Cause]:
    kind, name, group = (subject.get(member, "") for member in ("kind", "name", "apiGroup"))
    found = [] if name else [_required(f"{field}.name")]
    if kind not in _SUBJECTS:
        return [*found, errors.unsupported(f"{field}.kind", errors.quoted(kind), _SUBJECTS)]
    account = kind == "ServiceAccount"
    if account and name:
        found += [_invalid(f"{field}.name", errors.quoted(name), text) for text in names.subdomain_problems(name)]
    wanted = "" if account else GROUP
    if group != wanted:
        found.append(errors.unsupported(f"{field}.apiGroup", errors.quoted(group), (wanted,)))
    if account and not namespaced and not subject.get("namespace"):
        found.append(_required(f"{field}.namespace"))
    return found


def _required(field: str, text: str = "") -> Cause:
    return Cause(CauseType.REQUIRED, f"Required value: {text}" if text else "Required value", field)


def _invalid(field: str, shown: str, text: str) -> Cause:
    return Cause(CauseType.INVALID, f"Invalid value: {shown}: {text}", field)
