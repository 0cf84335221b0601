"""Field numbers of the messages that `messages` reads: facts of k8s.io/api's published generated.proto files."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from krate_api.protobuf.definitions import DEFINITIONS
from krate_api.protobuf.policies import POLICIES


class Shape(Enum):
    """How a field is encoded."""

    STRING = auto()
    BYTES = auto()
    INT = auto()
    COUNT = auto()
    """An integer that is absent where it is zero: Go writes its plain numbers always, and JSON omits them."""
    BOOL = auto()
    TIME = auto()
    MICRO_TIME = auto()
    """A time that is always written with six digits after the second."""
    FLAG = auto()
    """A boolean that is absent where it is false, for the same reason."""
    DOUBLE = auto()
    JSON = auto()
    """Bytes of any JSON value."""
    MESSAGE = auto()


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its JSON name and what it holds."""

    name: str
    shape: Shape
    message: str = ""
    repeated: bool = False
    map: bool = False


_SHAPES: Final = {
    "s": Shape.STRING,
    "b": Shape.BYTES,
    "i": Shape.INT,
    "n": Shape.COUNT,
    "?": Shape.BOOL,
    "t": Shape.TIME,
    "m": Shape.MICRO_TIME,
    "!": Shape.FLAG,
    "d": Shape.DOUBLE,
    "j": Shape.JSON,
}


def _field(spec: str) -> Field:
    """Read the notation of one field: its name, a colon, and what it holds.

    `s` string, `b` bytes, `i` integer, `n` count, `?` boolean, `!` flag, `d` double, `t` time, `m` time with
    microseconds, `j` JSON; anything else is the name of a message. `[]` behind it: many; `{}`: a map. Without a name
    the fields of the message are those of the outer one.
    """
    name, _, kind = spec.partition(":")
    repeated, mapped = kind.endswith("[]"), kind.endswith("{}")
    bare = kind.removesuffix("[]").removesuffix("{}")
    shape = _SHAPES.get(bare, Shape.MESSAGE)
    return Field(name, shape, bare if shape is Shape.MESSAGE else "", repeated, mapped)


def _message(text: str) -> Mapping[int, Field]:
    """`1 name:s, 2 labels:s{}`: number and field, separated by commas."""
    found: dict[int, Field] = {}
    for part in filter(None, text.split(",")):
        number, _, spec = part.strip().partition(" ")
        found[int(number)] = _field(spec)
    return found


ENVELOPE: Final = "Unknown"
TYPE_META: Final = "typeMeta"

BARE: Final[Mapping[str, tuple[str, ...]]] = {
    "JSON": ("raw",),
    "FieldsV1": ("raw",),
    "ExtraValue": ("items",),
    "JSONSchemaPropsOrArray": ("schema", "jSONSchemas"),
    "JSONSchemaPropsOrBool": ("schema", "allows"),
    "JSONSchemaPropsOrStringArray": ("schema", "property"),
}
"""Messages that JSON shows as one of their members alone: the first that is there."""

_BINDING: Final = "1 metadata:ObjectMeta, 2 subjects:Subject[], 3 roleRef:RoleRef"

MESSAGES: Final[Mapping[str, Mapping[int, Field]]] = {
    name: _message(text)
    for name, text in {
        ENVELOPE: "1 typeMeta:TypeMeta, 2 raw:b, 3 contentEncoding:s, 4 contentType:s",
        "TypeMeta": "1 apiVersion:s, 2 kind:s",
        **DEFINITIONS,
        **POLICIES,
        "Condition": "1 type:s, 2 status:s, 3 observedGeneration:n, 4 lastTransitionTime:t, 5 reason:s, 6 message:s",
        "JSON": "1 raw:j",
        "FieldsV1": "1 raw:j",
        "ExtraValue": "1 items:s[]",
        "ObjectMeta": (
            "1 name:s, 2 generateName:s, 3 namespace:s, 5 uid:s, 6 resourceVersion:s, 7 generation:n, "
            "8 creationTimestamp:t, 9 deletionTimestamp:t, 10 deletionGracePeriodSeconds:i, 11 labels:s{}, "
            "12 annotations:s{}, 13 ownerReferences:OwnerReference[], 14 finalizers:s[], "
            "17 managedFields:ManagedFieldsEntry[]"
        ),
        "ManagedFieldsEntry": (
            "1 manager:s, 2 operation:s, 3 apiVersion:s, 4 time:t, 6 fieldsType:s, 7 fieldsV1:FieldsV1, 8 subresource:s"
        ),
        "OwnerReference": "1 kind:s, 3 name:s, 4 uid:s, 5 apiVersion:s, 6 controller:?, 7 blockOwnerDeletion:?",
        "DeleteOptions": (
            "1 gracePeriodSeconds:i, 2 preconditions:Preconditions, 3 orphanDependents:?, 4 propagationPolicy:s, "
            "5 dryRun:s[]"
        ),
        "Preconditions": "1 uid:s, 2 resourceVersion:s",
        "LabelSelector": "1 matchLabels:s{}, 2 matchExpressions:LabelSelectorRequirement[]",
        "LabelSelectorRequirement": "1 key:s, 2 operator:s, 3 values:s[]",
        "Namespace": "1 metadata:ObjectMeta, 2 spec:NamespaceSpec, 3 status:NamespaceStatus",
        "NamespaceSpec": "1 finalizers:s[]",
        "NamespaceStatus": "1 phase:s, 2 conditions:NamespaceCondition[]",
        "NamespaceCondition": "1 type:s, 2 status:s, 4 lastTransitionTime:t, 5 reason:s, 6 message:s",
        "ConfigMap": "1 metadata:ObjectMeta, 2 data:s{}, 3 binaryData:b{}, 4 immutable:?",
        "Secret": "1 metadata:ObjectMeta, 2 data:b{}, 3 type:s, 4 stringData:s{}, 5 immutable:?",
        "ServiceAccount": (
            "1 metadata:ObjectMeta, 2 secrets:ObjectReference[], 3 imagePullSecrets:LocalObjectReference[], "
            "4 automountServiceAccountToken:?"
        ),
        "ObjectReference": (
            "1 kind:s, 2 namespace:s, 3 name:s, 4 uid:s, 5 apiVersion:s, 6 resourceVersion:s, 7 fieldPath:s"
        ),
        "LocalObjectReference": "1 name:s",
        "Event": (
            "1 metadata:ObjectMeta, 2 involvedObject:ObjectReference, 3 reason:s, 4 message:s, 5 source:EventSource, "
            "6 firstTimestamp:t, 7 lastTimestamp:t, 8 count:n, 9 type:s, 10 eventTime:m, 11 series:EventSeries, "
            "12 action:s, 13 related:ObjectReference, 14 reportingComponent:s, 15 reportingInstance:s"
        ),
        "EventSource": "1 component:s, 2 host:s",
        "EventSeries": "1 count:n, 2 lastObservedTime:m",
        "Role": "1 metadata:ObjectMeta, 2 rules:PolicyRule[]",
        "ClusterRole": "1 metadata:ObjectMeta, 2 rules:PolicyRule[], 3 aggregationRule:AggregationRule",
        "RoleBinding": _BINDING,
        "ClusterRoleBinding": _BINDING,
        "PolicyRule": "1 verbs:s[], 2 apiGroups:s[], 3 resources:s[], 4 resourceNames:s[], 5 nonResourceURLs:s[]",
        "Subject": "1 kind:s, 2 apiGroup:s, 3 name:s, 4 namespace:s",
        "RoleRef": "1 apiGroup:s, 2 kind:s, 3 name:s",
        "AggregationRule": "1 clusterRoleSelectors:LabelSelector[]",
        "SelfSubjectAccessReview": "1 metadata:ObjectMeta, 2 spec:SelfSubjectAccessReviewSpec",
        "SelfSubjectAccessReviewSpec": (
            "1 resourceAttributes:ResourceAttributes, 2 nonResourceAttributes:NonResourceAttributes"
        ),
        "SubjectAccessReview": "1 metadata:ObjectMeta, 2 spec:SubjectAccessReviewSpec",
        "LocalSubjectAccessReview": "1 metadata:ObjectMeta, 2 spec:SubjectAccessReviewSpec",
        "SubjectAccessReviewSpec": (
            "1 resourceAttributes:ResourceAttributes, 2 nonResourceAttributes:NonResourceAttributes, 3 user:s, "
            "4 groups:s[], 5 extra:ExtraValue{}, 6 uid:s"
        ),
        "SelfSubjectRulesReview": "1 metadata:ObjectMeta, 2 spec:SelfSubjectRulesReviewSpec",
        "SelfSubjectRulesReviewSpec": "1 namespace:s",
        "ResourceAttributes": (
            "1 namespace:s, 2 verb:s, 3 group:s, 4 version:s, 5 resource:s, 6 subresource:s, 7 name:s, "
            "8 fieldSelector:SelectorAttributes, 9 labelSelector:SelectorAttributes"
        ),
        "SelectorAttributes": "1 rawSelector:s, 2 requirements:LabelSelectorRequirement[]",
        "NonResourceAttributes": "1 path:s, 2 verb:s",
        "SelfSubjectReview": "1 metadata:ObjectMeta",
        "TokenReview": "1 metadata:ObjectMeta, 2 spec:TokenReviewSpec",
        "TokenReviewSpec": "1 token:s, 2 audiences:s[]",
        "TokenRequest": "1 metadata:ObjectMeta, 2 spec:TokenRequestSpec",
        "TokenRequestSpec": "1 audiences:s[], 3 boundObjectRef:BoundObjectReference, 4 expirationSeconds:i",
        "BoundObjectReference": "1 kind:s, 2 apiVersion:s, 3 name:s, 4 uid:s",
        "Lease": "1 metadata:ObjectMeta, 2 spec:LeaseSpec",
        "LeaseSpec": (
            "1 holderIdentity:s, 2 leaseDurationSeconds:i, 3 acquireTime:m, 4 renewTime:m, 5 leaseTransitions:i"
        ),
    }.items()
}
