"""The 403 of authorization, in upstream's words (AS/pkg/endpoints/handlers/responsewriters/errors.go)."""

from krate import errors
from krate.identity import Attributes, Caller


def forbidden(caller: Caller, attributes: Attributes, why: str = "") -> errors.Forbidden:
    """Who may not do what where, and why where there is something to say."""
    who, reason = f'User "{caller.username}"', f": {why}" if why else ""
    if attributes.path:
        text = f'forbidden: {who} cannot {attributes.verb} path "{attributes.path}"{reason}'
        return errors.Forbidden(text, details={})
    place = f'in the namespace "{attributes.namespace}"' if attributes.namespace else "at the cluster scope"
    what = f'resource "{attributes.qualified}" in API group "{attributes.group}" {place}'
    text = f"{who} cannot {attributes.verb} {what}{reason}"
    return errors.Forbidden.of(plural=attributes.resource, group=attributes.group, name=attributes.name, message=text)
