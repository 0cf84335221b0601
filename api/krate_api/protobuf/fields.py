"""Fields of Kubernetes' own types, as protobuf and Go have them: facts of k8s.io/api's published files."""

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
    type: str = ""
    """What Go calls its type, where that does not follow."""
    kept: bool = False
    """Whether Go writes it in JSON when it is empty."""


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
    microseconds, `j` JSON; anything else is the name of a message. `[]` behind it: many; `{}`: a map; `=TYPE`: what Go
    calls it; `*`: JSON has it when it is empty too. Without a name the fields of the message are the outer one's.
    """
    head, _, named = spec.removesuffix("*").partition("=")
    name, _, kind = head.partition(":")
    repeated, mapped = kind.endswith("[]"), kind.endswith("{}")
    bare = kind.removesuffix("[]").removesuffix("{}")
    shape = _SHAPES.get(bare, Shape.MESSAGE)
    message = bare if shape is Shape.MESSAGE else ""
    return Field(name, shape, message, repeated, mapped, named, spec.endswith("*"))


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

EVENTS: Final = "events."
"""In front of the names of group events.k8s.io, which are those of other messages."""

_REVIEW: Final = "1 metadata:ObjectMeta, 2 spec:SubjectAccessReviewSpec, 3 status:SubjectAccessReviewStatus"
_REFERENCE: Final = (
    "1 kind:s, 2 namespace:s, 3 name:s, 4 uid:s=types.UID, 5 apiVersion:s, 6 resourceVersion:s, 7 fieldPath:s"
)
_REQUIREMENT: Final = "1 key:s*, 2 operator:s={}*, 3 values:s[]"
_BINDING: Final = "1 metadata:ObjectMeta, 2 subjects:Subject[], 3 roleRef:RoleRef"

MESSAGES: Final[Mapping[str, Mapping[int, Field]]] = {
    name: _message(text)
    for name, text in {
        ENVELOPE: "1 typeMeta:TypeMeta, 2 raw:b, 3 contentEncoding:s, 4 contentType:s",
        "TypeMeta": "1 apiVersion:s, 2 kind:s",
        **DEFINITIONS,
        **POLICIES,
        "Condition": (
            "1 type:s*, 2 status:s=v1.ConditionStatus*, 3 observedGeneration:n, 4 lastTransitionTime:t, 5 reason:s*, "
            "6 message:s*"
        ),
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
            "1 gracePeriodSeconds:i, 2 preconditions:Preconditions, 3 orphanDependents:?, "
            "4 propagationPolicy:s=v1.DeletionPropagation, 5 dryRun:s[], "
            "6 ignoreStoreReadErrorWithClusterBreakingPotential:?"
        ),
        "Preconditions": "1 uid:s=types.UID*, 2 resourceVersion:s*",
        "LabelSelector": "1 matchLabels:s{}, 2 matchExpressions:LabelSelectorRequirement[]",
        "LabelSelectorRequirement": _REQUIREMENT.format("v1.LabelSelectorOperator"),
        "FieldSelectorRequirement": _REQUIREMENT.format("v1.FieldSelectorOperator"),
        "Namespace": "1 metadata:ObjectMeta, 2 spec:NamespaceSpec, 3 status:NamespaceStatus",
        "NamespaceSpec": "1 finalizers:s[]=v1.FinalizerName",
        "NamespaceStatus": "1 phase:s=v1.NamespacePhase, 2 conditions:NamespaceCondition[]",
        "NamespaceCondition": (
            "1 type:s=v1.NamespaceConditionType*, 2 status:s=v1.ConditionStatus*, 4 lastTransitionTime:t, 5 reason:s, "
            "6 message:s"
        ),
        "ConfigMap": "1 metadata:ObjectMeta, 2 data:s{}, 3 binaryData:b{}, 4 immutable:?",
        "Secret": "1 metadata:ObjectMeta, 2 data:b{}, 3 type:s=v1.SecretType, 4 stringData:s{}, 5 immutable:?",
        "ServiceAccount": (
            "1 metadata:ObjectMeta, 2 secrets:ObjectReference[], 3 imagePullSecrets:LocalObjectReference[], "
            "4 automountServiceAccountToken:?"
        ),
        "ObjectReference": _REFERENCE,
        "LocalObjectReference": "1 name:s",
        "Event": (
            "1 metadata:ObjectMeta, 2 involvedObject:ObjectReference, 3 reason:s, 4 message:s, 5 source:EventSource, "
            "6 firstTimestamp:t, 7 lastTimestamp:t, 8 count:n=int32, 9 type:s, 10 eventTime:m, 11 series:EventSeries, "
            "12 action:s, 13 related:ObjectReference, 14 reportingComponent:s*, 15 reportingInstance:s*"
        ),
        "EventSource": "1 component:s, 2 host:s",
        "EventSeries": "1 count:n=int32, 2 lastObservedTime:m",
        f"{EVENTS}Event": (
            f"1 metadata:ObjectMeta, 2 eventTime:m, 3 series:{EVENTS}EventSeries, 4 reportingController:s, "
            "5 reportingInstance:s, 6 action:s, 7 reason:s, 8 regarding:ObjectReference, 9 related:ObjectReference, "
            "10 note:s, 11 type:s, 12 deprecatedSource:EventSource, 13 deprecatedFirstTimestamp:t, "
            "14 deprecatedLastTimestamp:t, 15 deprecatedCount:n=int32"
        ),
        f"{EVENTS}EventSeries": "1 count:i=int32, 2 lastObservedTime:m",
        "Role": "1 metadata:ObjectMeta, 2 rules:PolicyRule[]*",
        "ClusterRole": "1 metadata:ObjectMeta, 2 rules:PolicyRule[]*, 3 aggregationRule:AggregationRule",
        "RoleBinding": _BINDING,
        "ClusterRoleBinding": _BINDING,
        "PolicyRule": "1 verbs:s[]*, 2 apiGroups:s[], 3 resources:s[], 4 resourceNames:s[], 5 nonResourceURLs:s[]",
        "Subject": "1 kind:s*, 2 apiGroup:s, 3 name:s*, 4 namespace:s",
        "RoleRef": "1 apiGroup:s*, 2 kind:s*, 3 name:s*",
        "AggregationRule": "1 clusterRoleSelectors:LabelSelector[]",
        "SelfSubjectAccessReview": (
            "1 metadata:ObjectMeta, 2 spec:SelfSubjectAccessReviewSpec, 3 status:SubjectAccessReviewStatus"
        ),
        "SelfSubjectAccessReviewSpec": (
            "1 resourceAttributes:ResourceAttributes, 2 nonResourceAttributes:NonResourceAttributes"
        ),
        "SubjectAccessReview": _REVIEW,
        "LocalSubjectAccessReview": _REVIEW,
        "SubjectAccessReviewSpec": (
            "1 resourceAttributes:ResourceAttributes, 2 nonResourceAttributes:NonResourceAttributes, 3 user:s, "
            "4 groups:s[], 5 extra:ExtraValue{}, 6 uid:s"
        ),
        "SubjectAccessReviewStatus": "1 allowed:?, 2 reason:s, 3 evaluationError:s, 4 denied:!",
        "SelfSubjectRulesReview": (
            "1 metadata:ObjectMeta, 2 spec:SelfSubjectRulesReviewSpec, 3 status:SubjectRulesReviewStatus"
        ),
        "SelfSubjectRulesReviewSpec": "1 namespace:s",
        "SubjectRulesReviewStatus": (
            "1 resourceRules:ResourceRule[]*, 2 nonResourceRules:NonResourceRule[]*, 3 incomplete:?, "
            "4 evaluationError:s"
        ),
        "ResourceRule": "1 verbs:s[]*, 2 apiGroups:s[], 3 resources:s[], 4 resourceNames:s[]",
        "NonResourceRule": "1 verbs:s[]*, 2 nonResourceURLs:s[]",
        "ResourceAttributes": (
            "1 namespace:s, 2 verb:s, 3 group:s, 4 version:s, 5 resource:s, 6 subresource:s, 7 name:s, "
            "8 fieldSelector:FieldSelectorAttributes, 9 labelSelector:LabelSelectorAttributes"
        ),
        "FieldSelectorAttributes": "1 rawSelector:s, 2 requirements:FieldSelectorRequirement[]",
        "LabelSelectorAttributes": "1 rawSelector:s, 2 requirements:LabelSelectorRequirement[]",
        "NonResourceAttributes": "1 path:s, 2 verb:s",
        "SelfSubjectReview": "1 metadata:ObjectMeta, 2 status:SelfSubjectReviewStatus",
        "SelfSubjectReviewStatus": "1 userInfo:UserInfo",
        "UserInfo": "1 username:s, 2 uid:s, 3 groups:s[], 4 extra:ExtraValue{}",
        "TokenReview": "1 metadata:ObjectMeta, 2 spec:TokenReviewSpec, 3 status:TokenReviewStatus",
        "TokenReviewSpec": "1 token:s, 2 audiences:s[]",
        "TokenReviewStatus": "1 authenticated:!, 2 user:UserInfo, 3 error:s, 4 audiences:s[]",
        "TokenRequest": "1 metadata:ObjectMeta, 2 spec:TokenRequestSpec, 3 status:TokenRequestStatus",
        "TokenRequestSpec": "1 audiences:s[]*, 3 boundObjectRef:BoundObjectReference, 4 expirationSeconds:i",
        "TokenRequestStatus": "1 token:s*, 2 expirationTimestamp:t",
        "BoundObjectReference": "1 kind:s, 2 apiVersion:s, 3 name:s, 4 uid:s=types.UID",
        "Scale": "1 metadata:ObjectMeta, 2 spec:ScaleSpec, 3 status:ScaleStatus",
        "ScaleSpec": "1 replicas:n=int32",
        "ScaleStatus": "1 replicas:n=int32*, 2 selector:s",
        "Lease": "1 metadata:ObjectMeta, 2 spec:LeaseSpec",
        "LeaseSpec": (
            "1 holderIdentity:s*, 2 leaseDurationSeconds:i=int32, 3 acquireTime:m, 4 renewTime:m, "
            "5 leaseTransitions:i=int32, 6 strategy:s=v1.CoordinatedLeaseStrategy*, 7 preferredHolder:s*"
        ),
    }.items()
}
