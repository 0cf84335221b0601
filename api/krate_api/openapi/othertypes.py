"""Types of documents beside objects: events of a watch, Scale, discovery, the version. The descriptions are ours."""

from collections.abc import Mapping
from typing import Final

from krate_api.openapi import registered, shapes
from krate_api.openapi.shapes import Type

_EVENT: Final = Type(
    "One event of a watch.",
    {
        "object": (
            "The object after the change, or before its deletion; a Status when type is ERROR.",
            shapes.pointer(shapes.RAW),
        ),
        "type": ("", shapes.STRING),
    },
    ("type", "object"),
    registered.everywhere("WatchEvent"),
    bare=True,
)
_SCALE: Final = Type(
    "How many replicas an object has and should have.",
    {
        "metadata": ("Standard object's metadata.", shapes.value(shapes.OBJECT_META)),
        "spec": ("What is wanted.", shapes.value(f"{shapes.SCALE}Spec")),
        "status": ("What there is.", shapes.value(f"{shapes.SCALE}Status")),
    },
    kinds=(shapes.gvk("autoscaling", "v1", "Scale"),),
)
_SCALE_SPEC: Final = Type("The wanted scale.", {"replicas": ("Wanted replicas.", {**shapes.INT32, "default": 0})})
_SCALE_STATUS: Final = Type(
    "The present scale.",
    {
        "replicas": ("Replicas that are there.", shapes.INT32),
        "selector": ("Selector of the replicas, in its text form.", shapes.STRING),
    },
    ("replicas",),
)
_VERSION: Final = Type(
    "A version of a group.",
    {"groupVersion": ("Group and version, as `apps/v1`.", shapes.STRING), "version": ("The version.", shapes.STRING)},
    ("groupVersion", "version"),
)
_ADDRESS: Final = Type(
    "Where clients of a network reach the server.",
    {
        "clientCIDR": ("Addresses of the clients.", shapes.STRING),
        "serverAddress": ("Host and port of the server.", shapes.STRING),
    },
    ("clientCIDR", "serverAddress"),
)
_ADDRESSES: Final = {**shapes.listed(f"{shapes.META}.ServerAddressByClientCIDR"), **shapes.ATOMIC}
_GROUP: Final = Type(
    "A group and its versions.",
    {
        "name": ("Name of the group.", shapes.STRING),
        "preferredVersion": (
            "The version to use without a reason for another.",
            shapes.value(f"{shapes.META}.GroupVersionForDiscovery"),
        ),
        "serverAddressByClientCIDRs": ("Where the group is served.", _ADDRESSES),
        "versions": ("The versions.", {**shapes.listed(f"{shapes.META}.GroupVersionForDiscovery"), **shapes.ATOMIC}),
    },
    ("name", "versions"),
    (shapes.gvk("", "v1", "APIGroup"),),
)
_GROUPS: Final = Type(
    "The groups that are served.",
    {"groups": ("The groups.", {**shapes.listed(shapes.GROUP), **shapes.ATOMIC})},
    ("groups",),
    (shapes.gvk("", "v1", "APIGroupList"),),
)
_VERSIONS: Final = Type(
    "The versions of the core group.",
    {
        "serverAddressByClientCIDRs": ("Where they are served.", _ADDRESSES),
        "versions": ("The versions.", {**shapes.STRINGS, **shapes.ATOMIC}),
    },
    ("versions", "serverAddressByClientCIDRs"),
    (shapes.gvk("", "v1", "APIVersions"),),
)
_RESOURCE: Final = Type(
    "A resource: its names and what can be done with it.",
    {
        "categories": ("Words that stand for several resources, as `all`.", {**shapes.STRINGS, **shapes.ATOMIC}),
        "group": ("Group of the kind, where it is not that of the list.", shapes.STRING),
        "kind": ("Kind of its objects.", shapes.STRING),
        "name": ("Plural name, with the subresource behind a slash.", shapes.STRING),
        "namespaced": ("Whether its objects live in namespaces.", shapes.BOOLEAN),
        "shortNames": ("Abbreviations.", {**shapes.STRINGS, **shapes.ATOMIC}),
        "singularName": ("Singular name.", shapes.STRING),
        "storageVersionHash": ("Changes with the version in which objects are stored.", shapes.STRING),
        "verbs": ("What can be done.", shapes.STRINGS),
        "version": ("Version of the kind, where it is not that of the list.", shapes.STRING),
    },
    ("name", "singularName", "namespaced", "kind", "verbs"),
)
_RESOURCES: Final = Type(
    "The resources of a group and version.",
    {
        "groupVersion": ("Group and version.", shapes.STRING),
        "resources": ("The resources.", {**shapes.listed(f"{shapes.META}.APIResource"), **shapes.ATOMIC}),
    },
    ("groupVersion", "resources"),
    (shapes.gvk("", "v1", "APIResourceList"),),
)
_WORDS: Final = (
    "major",
    "minor",
    "gitVersion",
    "gitCommit",
    "gitTreeState",
    "buildDate",
    "goVersion",
    "compiler",
    "platform",
)
_OPTIONAL: Final = {
    "emulationMajor": ("Major version that is emulated.", shapes.STRING),
    "emulationMinor": ("Minor version that is emulated.", shapes.STRING),
    "minCompatibilityMajor": ("Major version of the oldest compatible one.", shapes.STRING),
    "minCompatibilityMinor": ("Minor version of the oldest compatible one.", shapes.STRING),
}
_INFO: Final = Type("What runs here.", {**dict.fromkeys(_WORDS, ("", shapes.STRING)), **_OPTIONAL}, _WORDS)
TYPES: Final[Mapping[str, Type]] = {
    shapes.WATCH_EVENT: _EVENT,
    shapes.RAW: Type("An object of any kind."),
    shapes.SCALE: _SCALE,
    f"{shapes.SCALE}Spec": _SCALE_SPEC,
    f"{shapes.SCALE}Status": _SCALE_STATUS,
    f"{shapes.META}.GroupVersionForDiscovery": _VERSION,
    f"{shapes.META}.ServerAddressByClientCIDR": _ADDRESS,
    shapes.GROUP: _GROUP,
    shapes.GROUP_LIST: _GROUPS,
    shapes.VERSIONS: _VERSIONS,
    f"{shapes.META}.APIResource": _RESOURCE,
    shapes.RESOURCE_LIST: _RESOURCES,
    shapes.INFO: _INFO,
}
