"""What Kubernetes and Kyverno offer in CEL and this engine does not.

An expression that needs one of these is fine elsewhere, so it fails to compile with its own error: the policy follows
its failurePolicy and says what is missing, and nobody looks for a typing mistake. The names are those of
AS/pkg/cel/library, cel-go ext and kyverno/sdk extensions/cel/libs.
"""

from typing import Final

UNSUPPORTED: Final = {
    # Kubernetes
    "authorizer": "authorizer",
    "quantity": "quantity()",
    "isQuantity": "isQuantity()",
    "url": "url()",
    "isURL": "isURL()",
    "ip": "ip()",
    "isIP": "isIP()",
    "cidr": "cidr()",
    "isCIDR": "isCIDR()",
    "format": "format",
    "semver": "semver()",
    "isSemver": "isSemver()",
    "jsonpatch": "jsonpatch",
    "unwrapOpt": "unwrapOpt()",
    "unwrap": "optional.unwrap()",
    "cel.@mapInsert": "transformMap()",
    # Kyverno
    "resource": "resource",
    "http": "http",
    "globalContext": "globalContext",
    "image": "image()",
    "images": "images",
    "imageData": "imageData",
    "parseImageReference": "parseImageReference()",
    "parseServiceAccount": "parseServiceAccount()",
    "user": "user.parseServiceAccount()",
    "md5": "md5()",
    "sha1": "sha1()",
    "sha256": "sha256()",
    "hash": "hash",
    "json": "json",
    "yaml": "yaml",
    "random": "random()",
    "time": "time",
    "x509": "x509",
    "gzip": "gzip",
    "transform": "transform",
    "listObjToMap": "listObjToMap()",
    "exceptions": "exceptions",
    "generator": "generator",
}
"""Name that the engine does not find -> what to call it in a message. Two macros expand to `cel.@mapInsert`."""
