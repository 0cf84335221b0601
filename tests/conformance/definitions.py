"""The kinds that both servers serve: CustomResourceDefinitions that use what the machinery has to offer."""

from typing import Any, Final

GROUP: Final = "ref.example.com"
VERSION: Final = f"{GROUP}/v1"

Schema = dict[str, Any]

_STRING: Final[Schema] = {"type": "string"}
_CONDITIONS: Final[Schema] = {
    "type": "array",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["type"],
    "items": {
        "type": "object",
        "required": ["type", "status"],
        "properties": {"type": _STRING, "status": _STRING, "reason": _STRING},
    },
}

PULL_SPEC: Final[Schema] = {
    "type": "object",
    "required": ["title"],
    "properties": {
        "title": {"type": "string", "maxLength": 20, "description": "What it is about."},
        "n": {"type": "integer", "minimum": 1},
        "state": {"type": "string", "enum": ["open", "closed"], "default": "open"},
        "reviewers": {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": _STRING, "ok": {"type": "boolean"}},
            },
        },
        "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": _STRING},
    },
}

PULLS: Final[dict[str, Any]] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"pulls.{GROUP}"},
    "spec": {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"plural": "pulls", "singular": "pull", "kind": "Pull", "shortNames": ["pl"], "categories": ["ref"]},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "selectableFields": [{"jsonPath": ".spec.state"}],
                "additionalPrinterColumns": [
                    {"name": "State", "type": "string", "jsonPath": ".spec.state"},
                    {"name": "N", "type": "integer", "jsonPath": ".spec.n", "priority": 1, "description": "A number."},
                    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
                ],
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "required": ["spec"],
                        "properties": {
                            "spec": PULL_SPEC,
                            "status": {
                                "type": "object",
                                "properties": {"phase": _STRING, "conditions": _CONDITIONS},
                            },
                        },
                    }
                },
            }
        ],
    },
}

_WIDGET_SPEC: Final[Schema] = {
    "type": "object",
    "properties": {
        "replicas": {"type": "integer", "minimum": 0, "default": 1},
        "port": {"x-kubernetes-int-or-string": True},
        "size": {"type": "string", "pattern": "^[a-z]+$", "nullable": True},
        "limit": {"type": "integer"},
        "when": {"type": "string", "format": "date-time"},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "template": {
            "type": "object",
            "x-kubernetes-embedded-resource": True,
            "x-kubernetes-preserve-unknown-fields": True,
        },
        "fixed": {"type": "string", "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "is fixed"}]},
        "labels": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 5}},
        "whole": {"type": "object", "x-kubernetes-map-type": "atomic", "additionalProperties": _STRING},
        "oneOrOther": {
            "type": "object",
            "properties": {"a": _STRING, "b": _STRING},
            "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
        },
    },
    "x-kubernetes-validations": [
        {
            "rule": "!has(self.limit) || self.replicas <= self.limit",
            "messageExpression": "self.limit > 5 ? 'more than many replicas' : 'more replicas than the limit'",
            "fieldPath": ".replicas",
            "reason": "FieldValueForbidden",
        }
    ],
}


def _widget_version(name: str, *, storage: bool, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "served": True,
        "storage": storage,
        "subresources": {
            "status": {},
            "scale": {
                "specReplicasPath": ".spec.replicas",
                "statusReplicasPath": ".status.replicas",
                "labelSelectorPath": ".status.selector",
            },
        },
        "schema": {
            "openAPIV3Schema": {
                "type": "object",
                "properties": {
                    "spec": _WIDGET_SPEC,
                    "status": {
                        "type": "object",
                        "properties": {"replicas": {"type": "integer"}, "selector": _STRING},
                    },
                },
            }
        },
        **more,
    }


WIDGETS: Final[dict[str, Any]] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"widgets.{GROUP}"},
    "spec": {
        "group": GROUP,
        "scope": "Cluster",
        "names": {"plural": "widgets", "kind": "Widget"},
        "versions": [
            _widget_version("v1beta1", storage=False, deprecated=True),
            _widget_version("v1", storage=True),
        ],
    },
}

DEFINITIONS: Final = (PULLS, WIDGETS)


def pull(name: str = "a", /, **spec: Any) -> dict[str, Any]:
    """A valid pull."""
    body = {"title": "one", **spec}
    return {"apiVersion": VERSION, "kind": "Pull", "metadata": {"name": name}, "spec": body}


def widget(name: str, /, **spec: Any) -> dict[str, Any]:
    """A valid widget."""
    return {"apiVersion": VERSION, "kind": "Widget", "metadata": {"name": name}, "spec": spec}


def meta(obj: dict[str, Any], /, **metadata: Any) -> dict[str, Any]:
    """`obj` with more metadata."""
    return {**obj, "metadata": {**obj["metadata"], **metadata}}
