"""The definition of CompositeResourceDefinitions: an XRD is a custom resource here, as it is where Crossplane runs.

Members, defaults, rules, columns and versions are those of Crossplane 2.4 (cluster/crds); the descriptions are ours.
"""

from typing import Any, Final

from krate import crossplane, kinds
from krate.schema import Schema

Object = dict[str, Any]

_TEXT: Final[Schema] = {"type": "string"}
_FLAG: Final[Schema] = {"type": "boolean"}
_NUMBER: Final[Schema] = {"type": "integer", "format": "int32"}
_MAP: Final[Schema] = {"type": "object", "additionalProperties": _TEXT}
_FIXED: Final = {"rule": "self == oldSelf", "message": "Value is immutable"}
_LOWER: Final = (
    {"rule": "self.plural == self.plural.lowerAscii()", "message": "Plural name must be lowercase"},
    {
        "rule": "!has(self.singular) || self.singular == self.singular.lowerAscii()",
        "message": "Singular name must be lowercase",
    },
)


def _said(schema: Schema, text: str, **more: Any) -> Schema:
    return {**schema, "description": text, **more}


def _object(required: tuple[str, ...] = (), /, **members: Schema) -> Schema:
    found: Schema = {"type": "object", "properties": members}
    return {**found, "required": list(required)} if required else found


def _list(of: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": of, **more}


def _words(*words: str, default: str = "") -> Schema:
    return {"type": "string", "enum": list(words), **({"default": default} if default else {})}


def _rules(*rules: tuple[str, str]) -> list[dict[str, str]]:
    return [{"rule": rule, "message": message} for rule, message in rules]


_TEXTS: Final = _list(_TEXT, **{"x-kubernetes-list-type": "atomic"})
_NAMES: Final = _object(
    ("kind", "plural"),
    categories=_said(_TEXTS, "Groups of resources that it belongs to, such as all."),
    kind=_said(_TEXT, "Kind, in CamelCase and singular."),
    listKind=_said(_TEXT, "Kind of lists; the kind followed by List unless said otherwise."),
    plural=_said(_TEXT, "Plural name, as in URLs."),
    shortNames=_said(_TEXTS, "Short names for command lines."),
    singular=_said(_TEXT, "Singular name; the kind in small letters unless said otherwise."),
)
_NAMED: Final = _object(("name",), name=_said(_TEXT, "Name of the Composition."))
_EXPRESSION: Final = _object(
    ("key", "operator"),
    key=_said(_TEXT, "Label key."),
    operator=_said(_TEXT, "In, NotIn, Exists or DoesNotExist."),
    values=_said(_TEXTS, "Values of In and NotIn."),
)
_SELECTOR: Final[Schema] = {
    **_object(
        matchExpressions=_said(
            _list(_EXPRESSION, **{"x-kubernetes-list-type": "atomic"}), "Expressions that must hold."
        ),
        matchLabels=_said(_MAP, "Labels that must be equal."),
    ),
    "x-kubernetes-map-type": "atomic",
}
_SERVICE: Final = _object(
    ("name", "namespace"),
    name=_said(_TEXT, "Name of the service."),
    namespace=_said(_TEXT, "Namespace of the service."),
    path=_said(_TEXT, "URL path of the webhook."),
    port=_said(_NUMBER, "Port of the service, 443 unless said otherwise."),
)
_WEBHOOK: Final = _object(
    ("conversionReviewVersions",),
    clientConfig=_said(
        _object(
            caBundle=_said({**_TEXT, "format": "byte"}, "Certificates that the webhook's own must lead to."),
            service=_said(_SERVICE, "Service that serves the webhook."),
            url=_said(_TEXT, "Location of the webhook."),
        ),
        "How to reach the webhook.",
    ),
    conversionReviewVersions=_said(_TEXTS, "Versions of ConversionReview that the webhook understands."),
)
_CONVERSION: Final[Schema] = {
    **_object(
        ("strategy",),
        strategy=_said(_TEXT, "None or Webhook."),
        webhook=_said(_WEBHOOK, "The webhook of strategy Webhook."),
    ),
    "x-kubernetes-validations": _rules(
        (
            "self.strategy == 'Webhook' && has(self.webhook)",
            "Webhook configuration is required when conversion strategy is Webhook",
        )
    ),
}
_COLUMN: Final = _object(
    ("jsonPath", "name", "type"),
    description=_said(_TEXT, "What the column shows."),
    format=_said(_TEXT, "Format of the type."),
    jsonPath=_said(_TEXT, "JSONPath of the value."),
    name=_said(_TEXT, "Title."),
    priority=_said(_NUMBER, "Columns above 0 are shown by `-o wide` only."),
    type=_said(_TEXT, "integer, number, string, boolean or date."),
)
_SCALE: Final = _object(
    ("specReplicasPath", "statusReplicasPath"),
    labelSelectorPath=_said(_TEXT, "JSONPath of the selector of the replicas, in its text form."),
    specReplicasPath=_said(_TEXT, "JSONPath of the wanted number of replicas."),
    statusReplicasPath=_said(_TEXT, "JSONPath of the number of replicas there are."),
)
_OPEN: Final[Schema] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_VERSION: Final = _object(
    ("name", "referenceable", "served"),
    additionalPrinterColumns=_said(_list(_COLUMN), "Columns of `kubectl get`, before Crossplane's own."),
    deprecated=_said(_FLAG, "Whether every answer carries a warning."),
    deprecationWarning=_said(_TEXT, "The warning of a deprecated version.", maxLength=256),
    name=_said(_TEXT, "Name of the version, such as v1."),
    referenceable=_said(_FLAG, "Whether Compositions are for this version; exactly one is. Objects are stored in it."),
    schema=_said(
        _object(openAPIV3Schema=_said(_OPEN, "The structural schema.")),
        "What objects look like, beside Crossplane's own fields.",
    ),
    served=_said(_FLAG, "Whether the version is served."),
    subresources=_said(_object(scale=_said(_SCALE, "Whether it can be scaled.")), "Subresources beside status."),
)


def _spec(*, scope: Schema, claims: Schema, deletion: Schema, rules: list[dict[str, str]]) -> Schema:
    fixed = {"x-kubernetes-validations": [_FIXED]}
    labels = _object(
        annotations=_said(_MAP, "Annotations of the derived definitions."),
        labels=_said(_MAP, "Labels of the derived definitions."),
    )
    found = _object(
        ("group", "names", "versions"),
        claimNames=_said(claims, "What claims are called, where claims are offered."),
        connectionSecretKeys=_said(_list(_TEXT), "Keys of connection secrets that are published; empty means all."),
        conversion=_said(_CONVERSION, "How objects become objects of another version."),
        defaultCompositeDeletePolicy=_said(deletion, "How the composite of a deleted claim is deleted."),
        defaultCompositionRef=_said(_NAMED, "The Composition of composites that choose none."),
        defaultCompositionRevisionSelector=_said(_SELECTOR, "Revisions for composites that choose none."),
        defaultCompositionUpdatePolicy=_said(
            _words("Automatic", "Manual", default="Automatic"), "Whether composites follow new revisions by themselves."
        ),
        enforcedCompositionRef=_said({**_NAMED, **fixed}, "The Composition of all composites."),
        group=_said({**_TEXT, **fixed}, "API group of the composites."),
        metadata=_said(labels, "Metadata of the derived definitions."),
        names=_said({**_NAMES, "x-kubernetes-validations": [_FIXED, *_LOWER]}, "What composites are called."),
        scope=_said({**scope, **fixed}, "Where composites live."),
        versions=_said(_list(_VERSION), "Versions of the composites."),
    )
    return {**found, "x-kubernetes-validations": rules}


_FIRST: Final = _spec(
    scope=_words("LegacyCluster", "Namespaced", "Cluster", default="LegacyCluster"),
    claims={**_NAMES, "x-kubernetes-validations": [_FIXED, *_LOWER]},
    deletion=_words("Background", "Foreground", default="Background"),
    rules=_rules(
        (
            "self.scope == 'LegacyCluster' || !has(self.claimNames)",
            "Only LegacyCluster composite resources can offer claims",
        ),
        (
            "self.scope == 'LegacyCluster' || !has(self.connectionSecretKeys)",
            "Only LegacyCluster composite resources support connection secrets",
        ),
    ),
)
_SECOND: Final = _spec(
    scope=_words("Namespaced", "Cluster", default="Namespaced"),
    claims=_NAMES,
    deletion=_words("Background", "Foreground"),
    rules=_rules(
        ("!has(self.claimNames)", "Claims aren't supported in apiextensions.crossplane.io/v2"),
        (
            "!has(self.connectionSecretKeys)",
            "XR connection secrets aren't supported in apiextensions.crossplane.io/v2",
        ),
    ),
)
_TYPE: Final = _object(
    ("apiVersion", "kind"),
    apiVersion=_said(_TEXT, "Group and referenceable version."),
    kind=_said(_TEXT, "Kind."),
)
_STATUS: Final = _object(
    conditions=_said(crossplane.CONDITIONS, "Whether composites are defined, and claims offered."),
    controllers=_said(
        _object(
            compositeResourceClaimType=_said(_TYPE, "Type of the claims."),
            compositeResourceType=_said(_TYPE, "Type of the composites."),
        ),
        "The types that are served for this definition.",
    ),
)
_COLUMNS: Final = (
    {"name": "ESTABLISHED", "type": "string", "jsonPath": ".status.conditions[?(@.type=='Established')].status"},
    {"name": "OFFERED", "type": "string", "jsonPath": ".status.conditions[?(@.type=='Offered')].status"},
    {"name": "AGE", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
)
_DEPRECATION: Final = (
    f"{crossplane.KIND} v1 is deprecated and will be removed in a future release; consider migrating to v2"
)


_UID: Final = "krate"
"""Tells the objects of this definition from those of one that somebody applied."""


def _version(name: str, spec: Schema, **more: Any) -> Object:
    schema = _object(
        apiVersion=_TEXT,
        kind=_TEXT,
        metadata={"type": "object"},
        spec=_said(spec, "What is defined."),
        status=_said(_STATUS, "What became of it."),
    )
    return {
        "name": name,
        "served": True,
        "storage": False,
        **more,
        "schema": {"openAPIV3Schema": _said(schema, f"{crossplane.KIND} defines a kind of composite resource.")},
        "subresources": {"status": {}},
        "additionalPrinterColumns": list(_COLUMNS),
    }


def definition() -> Object:
    """The CustomResourceDefinition of CompositeResourceDefinitions; nothing of it is shared."""
    kind = kinds.CUSTOM_RESOURCE_DEFINITION
    return {
        "apiVersion": kind.api_version,
        "kind": kind.name,
        "metadata": {"name": f"{crossplane.PLURAL}.{crossplane.GROUP}", "uid": _UID},
        "spec": {
            "group": crossplane.GROUP,
            "scope": "Cluster",
            "names": {
                "kind": crossplane.KIND,
                "listKind": f"{crossplane.KIND}List",
                "plural": crossplane.PLURAL,
                "singular": crossplane.KIND.lower(),
                "shortNames": ["xrd", "xrds"],
                "categories": ["crossplane"],
            },
            "versions": [
                _version("v1", _FIRST, storage=True, deprecated=True, deprecationWarning=_DEPRECATION),
                _version("v2", _SECOND),
            ],
        },
    }
