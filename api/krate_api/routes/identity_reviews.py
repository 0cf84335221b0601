"""Who am I, and whose token is this (authentication.k8s.io/v1, KK/pkg/registry/authentication)."""

from typing import Any

from krate import clock, errors
from krate.identity import Caller
from krate_api.authn.identities import Identities
from krate_api.registry.call import Call

Object = dict[str, Any]


class IdentityReviews:
    """Answers from what authentication knows."""

    def __init__(self, identities: Identities, now: clock.Clock) -> None:
        self._identities = identities
        self._now = now

    async def whoami(self, obj: Object, call: Call) -> Object:
        """The caller as this server sees them."""
        metadata = {"creationTimestamp": clock.rfc3339(self._now())}
        return {**obj, "metadata": metadata, "status": {"userInfo": _info(call.caller)}}

    async def token(self, obj: Object, call: Call) -> Object:  # noqa: ARG002 - the shape of a creator
        """Whether a token is good here, or for the audiences that the review names.

        Raises:
            BadRequest: there is no token.
        """
        spec = obj.get("spec") or {}
        if not spec.get("token"):
            raise errors.BadRequest("token is required for TokenReview in authentication")
        verdict = await self._identities.verdict(spec["token"], tuple(spec.get("audiences") or ()))
        if verdict.caller is None:
            return {**obj, "status": {"user": {}, "error": verdict.error}}
        status = {"authenticated": True, "user": _info(verdict.caller), "audiences": list(verdict.audiences)}
        return {**obj, "status": status}


def _info(caller: Caller) -> Object:
    info: Object = {"username": caller.username}
    if caller.uid:
        info["uid"] = caller.uid
    if caller.groups:
        info["groups"] = list(caller.groups)
    if caller.extra:
        info["extra"] = {key: list(values) for key, values in caller.extra.items()}
    return info
