"""Parameters of a binding: the objects its policy is evaluated with, one after the other."""

from collections.abc import Mapping, Sequence
from typing import Any

from krate import errors, selectors
from krate.kinds import Scope
from krate_api.admission.policies.lookups import Object, Params


class ParamError(Exception):
    """the parameters of a binding cannot be had."""


async def collect(
    params: Params, *, kind: Mapping[str, Any] | None, ref: Mapping[str, Any] | None, namespace: str
) -> Sequence[Object | None]:
    """What to evaluate a policy with (AS/pkg/admission/plugin/policy/generic/policy_dispatcher.go, CollectParams).

    Args:
        params: where objects are looked up.
        kind: the policy's paramKind.
        ref: the binding's paramRef.
        namespace: the request's; parameters stand there unless the reference names another one.

    Returns:
        One None when the policy takes no parameters or the binding gives none; nothing at all when none were found and
        the binding allows that.

    Raises:
        ParamError: the reference does not fit its kind, or nothing was found and the binding denies then.
    """
    if not kind or not ref:
        return [None]
    api_version, name = kind.get("apiVersion") or "", kind.get("kind") or ""
    where = _where(params.scope(api_version, name), kind=kind, ref=ref, namespace=namespace)
    if ref.get("name"):
        if ref.get("selector") is not None:
            raise ParamError("paramRef.name and paramRef.selector are mutually exclusive")
        one = await params.get(api_version, name, namespace=where, name=ref["name"])
        found: Sequence[Object] = [] if one is None else [one]
    elif ref.get("selector") is not None:
        try:
            selector = selectors.from_object(ref["selector"]) or selectors.EVERYTHING
        except errors.BadRequest as problem:
            raise ParamError(str(problem)) from None
        found = await params.list(api_version, name, namespace=where, selector=selector)
    else:
        raise ParamError("one of name or selector must be provided")
    if not found and ref.get("parameterNotFoundAction") == "Deny":
        raise ParamError("no params found for policy binding with `Deny` parameterNotFoundAction")
    return [{"apiVersion": api_version, "kind": name, **param} for param in found]


def _where(scope: Scope | None, *, kind: Mapping[str, Any], ref: Mapping[str, Any], namespace: str) -> str:
    """The namespace to look in; empty for a cluster-scoped kind."""
    if scope is None:
        raise ParamError(f"paramKind kind `{kind.get('apiVersion')}, Kind={kind.get('kind')}` not known")
    if scope is Scope.CLUSTER:
        if ref.get("namespace"):
            raise ParamError("paramRef.namespace must not be provided for a cluster-scoped `paramKind`")
        return ""
    where = ref.get("namespace") or namespace
    if not where:
        raise ParamError("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources")
    return where
