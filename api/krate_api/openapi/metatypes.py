"""meta/v1 in documents: metadata of objects and lists, the options of a deletion, Status. The descriptions are ours."""

from collections.abc import Mapping
from typing import Final

from krate_api.openapi import registered, shapes
from krate_api.openapi.shapes import Type

_TIME: Final = shapes.pointer(f"{shapes.META}.Time")
_OBJECT_META: Final = Type(
    "Metadata that every persisted object has.",
    {
        "annotations": ("Values that tools keep with the object; nothing selects by them.", shapes.STRING_MAP),
        "creationTimestamp": (
            "CreationTimestamp is a timestamp of the moment when the server first stored the object.",
            _TIME,
        ),
        "deletionGracePeriodSeconds": (
            "Seconds between the request to delete and the end of the object.",
            shapes.INT64,
        ),
        "deletionTimestamp": ("When deletion was asked for; set by the server alone.", _TIME),
        "finalizers": (
            "What must happen before the object goes: each entry is removed by whoever has done its part.",
            {**shapes.STRINGS, "x-kubernetes-list-type": "set", "x-kubernetes-patch-strategy": "merge"},
        ),
        "generateName": ("Beginning of a name that the server completes, when there is no name.", shapes.STRING),
        "generation": ("Number of the desired state; it grows when that changes.", shapes.INT64),
        "labels": ("Words that selectors look for.", shapes.STRING_MAP),
        "managedFields": (
            "Who manages which fields; kept by the server.",
            {**shapes.listed(f"{shapes.META}.ManagedFieldsEntry"), **shapes.ATOMIC},
        ),
        "name": ("Name of the object, unique among those of its kind in its namespace.", shapes.STRING),
        "namespace": ("Namespace in which the name is unique; empty for objects of the cluster.", shapes.STRING),
        "ownerReferences": (
            "Objects that this one belongs to: it goes when all of them have gone.",
            {
                **shapes.listed(f"{shapes.META}.OwnerReference"),
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["uid"],
                "x-kubernetes-patch-merge-key": "uid",
                "x-kubernetes-patch-strategy": "merge",
            },
        ),
        "resourceVersion": (
            "Version of the stored object: compare for equality only, and send it back.",
            shapes.STRING,
        ),
        "selfLink": ("Formerly the path of the object; no longer filled in.", shapes.STRING),
        "uid": ("Identity of the object in time and space; set by the server.", shapes.STRING),
    },
)
_OWNER: Final = Type(
    "A reference by which one object belongs to another.",
    {
        "apiVersion": ("API version of the owner.", shapes.STRING),
        "blockOwnerDeletion": (
            "Whether the owner waits for this object when it is deleted in the foreground.",
            shapes.BOOLEAN,
        ),
        "controller": ("Whether the owner is the controller of this object.", shapes.BOOLEAN),
        "kind": ("Kind of the owner.", shapes.STRING),
        "name": ("Name of the owner.", shapes.STRING),
        "uid": ("UID of the owner.", shapes.STRING),
    },
    ("apiVersion", "kind", "name", "uid"),
    extensions={"x-kubernetes-map-type": "atomic"},
)
_MANAGED: Final = Type(
    "What one manager has set, by one kind of operation.",
    {
        "apiVersion": ("Version of the object in which the fields are named.", shapes.STRING),
        "fieldsType": ("Format of fieldsV1; FieldsV1 is the only one.", shapes.STRING),
        "fieldsV1": ("The fields, as a tree.", shapes.pointer(f"{shapes.META}.FieldsV1")),
        "manager": ("Name of the manager.", shapes.STRING),
        "operation": ("Apply or Update.", shapes.STRING),
        "subresource": ("Subresource through which the fields were set; empty for the object itself.", shapes.STRING),
        "time": ("When the set of fields changed last.", _TIME),
    },
)
_LIST_META: Final = Type(
    "Metadata of a list.",
    {
        "continue": ("Token that asks for the next page; empty on the last one.", shapes.STRING),
        "remainingItemCount": ("Items on the pages that follow, when the server knows.", shapes.INT64),
        "resourceVersion": ("Version of the store that the list shows, and from which to watch.", shapes.STRING),
        "selfLink": ("Formerly the path of the list; no longer filled in.", shapes.STRING),
        "shardInfo": ("Which part of a sharded list this is.", shapes.pointer(f"{shapes.META}.ShardInfo")),
    },
)
_DELETE: Final = Type(
    "How to delete an object.",
    {
        "dryRun": ("All: do everything but store the result.", {**shapes.STRINGS, **shapes.ATOMIC}),
        "gracePeriodSeconds": ("Seconds the object has to end; zero means at once.", shapes.INT64),
        "ignoreStoreReadErrorWithClusterBreakingPotential": (
            "Delete even what cannot be read any more.",
            shapes.BOOLEAN,
        ),
        "orphanDependents": ("Use propagationPolicy instead: whether dependents stay.", shapes.BOOLEAN),
        "preconditions": (
            "What the object must be, or nothing is deleted.",
            shapes.pointer(f"{shapes.META}.Preconditions"),
        ),
        "propagationPolicy": ("Orphan, Background or Foreground: what becomes of dependents.", shapes.STRING),
    },
    kinds=registered.everywhere("DeleteOptions"),
)
_STATUS: Final = Type(
    "The outcome of a call that returns no other object.",
    {
        "code": ("HTTP status code.", shapes.INT32),
        "details": (
            "More about the reason, as far as there is more to say.",
            shapes.pointer(f"{shapes.META}.StatusDetails"),
        ),
        "message": ("What happened, for people.", shapes.STRING),
        "metadata": ("Metadata of a list.", shapes.value(shapes.LIST_META)),
        "reason": ("Why, in a word that programs understand.", shapes.STRING),
        "status": ("Success or Failure.", shapes.STRING),
    },
    kinds=(shapes.gvk("", "v1", "Status"),),
)
_DETAILS: Final = Type(
    "What a Status is about.",
    {
        "causes": ("What exactly was wrong.", {**shapes.listed(f"{shapes.META}.StatusCause"), **shapes.ATOMIC}),
        "group": ("Group of the resource.", shapes.STRING),
        "kind": ("Kind or resource.", shapes.STRING),
        "name": ("Name of the object.", shapes.STRING),
        "retryAfterSeconds": ("When to try again.", shapes.INT32),
        "uid": ("UID of the object.", shapes.STRING),
    },
)
_CAUSE: Final = Type(
    "One thing that was wrong.",
    {
        "field": ("Path of the field, as `spec.items[0].name`.", shapes.STRING),
        "message": ("What was wrong with it, for people.", shapes.STRING),
        "reason": ("What was wrong with it, in a word.", shapes.STRING),
    },
)
_PRECONDITIONS: Final = Type(
    "What an object must be for an operation to happen.",
    {
        "resourceVersion": ("The version it must have.", shapes.STRING),
        "uid": ("The UID it must have.", shapes.STRING),
    },
)
_SHARD: Final = Type("A part of a list.", {"selector": ("What the part consists of.", shapes.STRING)}, ("selector",))

TYPES: Final[Mapping[str, Type]] = {
    shapes.OBJECT_META: _OBJECT_META,
    f"{shapes.META}.OwnerReference": _OWNER,
    f"{shapes.META}.ManagedFieldsEntry": _MANAGED,
    f"{shapes.META}.FieldsV1": Type("A set of fields, as a tree of JSON objects."),
    shapes.LIST_META: _LIST_META,
    f"{shapes.META}.ShardInfo": _SHARD,
    shapes.DELETE_OPTIONS: _DELETE,
    f"{shapes.META}.Preconditions": _PRECONDITIONS,
    shapes.PATCH: Type("A patch, in the form that its media type names."),
    shapes.STATUS: _STATUS,
    f"{shapes.META}.StatusDetails": _DETAILS,
    f"{shapes.META}.StatusCause": _CAUSE,
}
