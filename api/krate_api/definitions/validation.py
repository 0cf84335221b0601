"""What a definition must say (AX/pkg/apis/apiextensions/validation), apart from what its schemas must say.

The order of checks is upstream's, because it is the order of the sentences in the answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson

from krate import names
from krate.conditions import Type
from krate.errors import Cause, CauseType
from krate_api.definitions import approval, conversions, printing, schemas, selecting
from krate_api.definitions.conditions import holds
from krate_api.definitions.internal import internal, shown
from krate_api.schemas.causes import invalid, one_of, required
from krate_api.schemas.correlation import equal

SCOPES: Final = ("Cluster", "Namespaced")
_MAX_WARNING: Final = 256
_NEVER_PRESERVE: Final = (
    "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
)
_STILL_STORED: Final = (
    "missing from spec.versions; {0} was previously a storage version, and must remain in spec.versions until a "
    "storage migration ensures no data remains persisted in {0} and removes {0} from status.storedVersions"
)


def problems(obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[Cause]:
    """Everything wrong with a decoded and defaulted definition, and with the step from `old` to it."""
    found = _name(obj) if old is None else []
    if old is None or not equal(
        obj["spec"], old["spec"]
    ):  # What was accepted once is accepted, whatever the rules of today.
        before = None if old is None else internal(old["spec"])
        established = old is not None and holds(old, Type.ESTABLISHED)
        found += _spec(internal(obj["spec"]), before, established=established)
    if old is not None:
        found += _immutable(obj["spec"], old["spec"], established=holds(old, Type.ESTABLISHED))
    found += status_problems(obj)
    found += _stored(obj["status"]["storedVersions"], obj["spec"]["versions"] or ())
    found += approval.problems(obj, old)
    if obj["spec"].get("preserveUnknownFields") and not (old and old["spec"].get("preserveUnknownFields")):
        found.append(invalid("spec.preserveUnknownFields", True, _NEVER_PRESERVE))
    return found


def status_problems(obj: Mapping[str, Any]) -> list[Cause]:
    """What is wrong with a status."""
    return _names(obj["status"]["acceptedNames"], "status.acceptedNames")


def _name(obj: Mapping[str, Any]) -> list[Cause]:
    spec, name = obj["spec"], obj["metadata"].get("name", "")
    if name == f"{spec['names']['plural']}.{spec['group']}":
        return []
    return [invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group')]


def _spec(spec: Mapping[str, Any], before: Mapping[str, Any] | None, *, established: bool) -> list[Cause]:
    found = _group(spec["group"])
    found += one_of("spec.scope", spec["scope"], SCOPES)
    whole = spec.get("validation")
    if "openAPIV3Schema" not in (whole or {}):
        found += [
            required(f"spec.versions[{number}].schema.openAPIV3Schema")
            for number, version in enumerate(spec["versions"] or ())
            if "openAPIV3Schema" not in (version.get("schema") or {})
        ]
    known = schemas.Known.of(before)
    for number, version in enumerate(spec["versions"] or ()):
        found += _version(spec, version, f"spec.versions[{number}]", known)
    found += _versions(spec)
    found += _required_names(spec["names"])
    found += _names(spec["names"], "spec.names")
    status = any("status" in (version.get("subresources") or {}) for version in [spec, *(spec["versions"] or ())])
    found += schemas.problems(whole, "spec.validation", status=status)
    found += subresource_problems(spec.get("subresources"), "spec.subresources")
    found += printing.problems(spec.get("additionalPrinterColumns"), "spec.additionalPrinterColumns")
    earlier = (before or {}).get("selectableFields")
    found += selecting.problems(spec.get("selectableFields"), whole, "spec.selectableFields", earlier)
    found += conversions.problems(spec["conversion"], "spec.conversion", before, established=established)
    return found


def _group(group: str) -> list[Cause]:
    if not group:
        return [required("spec.group")]
    wrong = names.subdomain_problems(group)
    if wrong:
        return [invalid("spec.group", group, ",".join(wrong))]
    return [] if "." in group else [invalid("spec.group", group, "should be a domain with at least one dot")]


def _version(spec: Mapping[str, Any], version: Mapping[str, Any], path: str, known: schemas.Known) -> list[Cause]:
    found: list[Cause] = []
    if wrong := names.service_label_problems(version["name"]):
        found.append(invalid(f"{path}.name", version["name"], ",".join(wrong)))
    warning = version.get("deprecationWarning")
    found += [
        invalid(f"{path}.deprecationWarning", warning, problem)
        for problem in _warning(warning, deprecated=version.get("deprecated", False))
    ]
    status = "status" in (version.get("subresources") or spec.get("subresources") or {})
    found += schemas.problems(version.get("schema"), f"{path}.schema", status=status)
    found += subresource_problems(version.get("subresources"), f"{path}.subresources")
    found += printing.problems(version.get("additionalPrinterColumns"), f"{path}.additionalPrinterColumns")
    schema = version.get("schema") or spec.get("validation")
    earlier = known.version(version["name"]).get("selectableFields")
    found += selecting.problems(version.get("selectableFields"), schema, f"{path}.selectableFields", earlier)
    return found


def _warning(warning: str | None, *, deprecated: bool) -> Iterable[str]:
    if warning is None:
        return
    if not deprecated:
        yield "can only be set for deprecated versions"
        return
    if len(warning.encode()) > _MAX_WARNING:
        yield f"must be <= {_MAX_WARNING} characters long"
    if not warning:
        yield "must not be an empty string"
    for mark in warning:
        if not mark.isprintable():
            index = len(warning[: warning.index(mark)].encode())
            yield f"must only contain printable UTF-8 characters; non-printable character found at index {index}"
            break


def _versions(spec: Mapping[str, Any]) -> list[Cause]:
    """What is wrong with the versions taken together."""
    found: list[Cause] = []
    versions: Sequence[dict[str, Any]] = spec["versions"] or ()
    if len({version["name"] for version in versions}) != len(versions):
        found.append(_together(spec, "must contain unique version names"))
    if sum(version["storage"] for version in versions) != 1:
        found.append(_together(spec, "must have exactly one version marked as storage version"))
    if wrong := names.service_label_problems(spec["version"]) if spec.get("version") else ():
        found.append(invalid("spec.version", spec["version"], ",".join(wrong)))
    return found


def _together(spec: Mapping[str, Any], why: str) -> Cause:
    value = orjson.dumps(shown(spec["versions"])).decode()  # a struct keeps the order of its fields
    return Cause(CauseType.INVALID, f"Invalid value: {value}: {why}", "spec.versions")


def _required_names(found: Mapping[str, Any]) -> list[Cause]:
    return [
        required(f"spec.names.{word}") for word in ("plural", "singular", "kind", "listKind") if not found.get(word)
    ]


def _names(found: Mapping[str, Any], path: str) -> list[Cause]:
    causes: list[Cause] = []
    for word in ("plural", "singular"):
        value = found.get(word, "")
        if value and (wrong := names.service_label_problems(value)):
            causes.append(invalid(f"{path}.{word}", value, ",".join(wrong)))
    for word in ("kind", "listKind"):
        value = found.get(word, "")
        if value and (wrong := names.service_label_problems(value.lower())):
            text = f"may have mixed case, but should otherwise match: {','.join(wrong)}"
            causes.append(invalid(f"{path}.{word}", value, text))
    causes += _words(found.get("shortNames") or (), f"{path}.shortNames")
    if found.get("kind") and found["kind"] == found.get("listKind"):
        causes.append(invalid(f"{path}.listKind", found["kind"], "kind and listKind may not be the same"))
    return causes + _words(found.get("categories") or (), f"{path}.categories")


def _words(words: Sequence[str], path: str) -> list[Cause]:
    return [
        invalid(f"{path}[{number}]", word, ",".join(wrong))
        for number, word in enumerate(words)
        if (wrong := names.service_label_problems(word))
    ]


def subresource_problems(subresources: Mapping[str, Any] | None, path: str) -> list[Cause]:
    """What is wrong with the paths of a scale subresource."""
    scale = (subresources or {}).get("scale")
    if scale is None:
        return []
    found: list[Cause] = []
    for word, roots, needed in (
        ("specReplicasPath", (".spec.",), True),
        ("statusReplicasPath", (".status.",), True),
        ("labelSelectorPath", (".spec.", ".status."), False),
    ):
        value, at = scale.get(word) or "", f"{path}.scale.{word}"
        if not value:
            found += [required(at)] if needed else []
        elif wrong := printing.path_problems(value, at):
            found += wrong
        elif not value.startswith(roots):
            under = " or ".join(root.rstrip(".") for root in roots)
            either = "either " if len(roots) > 1 else ""
            found.append(invalid(at, value, f"should be a json path under {either}{under}"))
    return found


def _immutable(spec: Mapping[str, Any], old: Mapping[str, Any], *, established: bool) -> list[Cause]:
    found: list[Cause] = []
    if established and spec["scope"] != old["scope"]:
        found.append(invalid("spec.scope", spec["scope"], "field is immutable"))
    if established and spec["names"]["kind"] != old["names"]["kind"]:
        found.append(invalid("spec.names.kind", spec["names"]["kind"], "field is immutable"))
    if spec["group"] != old["group"]:
        found.append(invalid("spec.group", spec["group"], "field is immutable"))
    if spec["names"]["plural"] != old["names"]["plural"]:
        found.append(invalid("spec.names.plural", spec["names"]["plural"], "field is immutable"))
    return found


def _stored(stored: Sequence[str] | None, versions: Iterable[Mapping[str, Any]]) -> list[Cause]:
    path = "status.storedVersions"
    if not stored:
        return [invalid(path, stored, "must have at least one stored version")]
    served = {version["name"]: version["storage"] for version in versions}
    found = [
        invalid(path, stored, f"must have the storage version {name}")
        for name, storage in served.items()
        if storage and name not in stored
    ]
    return found + [
        invalid(f"{path}[{number}]", name, _STILL_STORED.format(name))
        for number, name in enumerate(stored)
        if name not in served
    ]
