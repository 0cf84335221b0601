"""Words that the suites of the API server share: sample bodies and answers taken apart."""

import re
from collections.abc import Mapping
from typing import Any

import httpx2

import factories
from krate import kinds
from krate.kinds import Kind
from served_api import API, collection, typed


class AnyText(str):
    """A pattern that equals every text that fits it."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and re.fullmatch(self, other) is not None

    __hash__ = str.__hash__


def repository(name: str = "web", **parts: Any) -> dict[str, Any]:
    """A Repository without a namespace of its own."""
    body = factories.make_repository(name, **parts)
    if "namespace" not in parts.get("metadata", {}):
        del body["metadata"]["namespace"]
    return body


def failure(answer: httpx2.Response) -> dict[str, Any]:
    """A Status without the parts that every Status has."""
    body = answer.json()
    assert (body.pop("kind"), body.pop("apiVersion"), body.pop("status")) == ("Status", "v1", "Failure")
    assert body.pop("code") == answer.status_code
    assert body.pop("metadata") == {}
    return body


def created(client: API, kind: Kind, body: Mapping[str, Any], namespace: str = "") -> dict[str, Any]:
    """The object as it was stored."""
    answer = client.create(kind, body, namespace=namespace)
    assert answer.status_code == 201, answer.text
    return answer.json()


def config_map(name: str, data: Mapping[str, str] | None = None, **labels: str) -> dict[str, Any]:
    meta = {"name": name, **({"labels": labels} if labels else {})}
    return {**typed(kinds.CONFIG_MAP), "metadata": meta, **({"data": dict(data)} if data else {})}


def about(name: str, kind: Kind = kinds.REPOSITORY) -> dict[str, str]:
    """Details of an error about an object."""
    group = {"group": kind.group} if kind.group else {}
    return {"name": name, **group, "kind": kind.plural}


def pull(branch: str = "b1", *, name: str = "", **spec: Any) -> dict[str, Any]:
    """A PullRequest of the repository `web`."""
    meta = {"name": name} if name else {"generateName": "web-"}
    base = {"repository": "web", "title": "T", "source": {"branch": branch}, "target": {"branch": "main"}}
    return {**typed(kinds.PULL_REQUEST), "metadata": meta, "spec": factories.merge(base, spec)}


def listed(client: API, namespace: str, accept: str = "", **params: str) -> httpx2.Response:
    """A list of ConfigMaps."""
    headers = {"accept": accept} if accept else {}
    return client.get(collection(kinds.CONFIG_MAP, namespace), params=params, headers=headers)


def unmanaged(obj: Mapping[str, Any]) -> dict[str, Any]:
    """The object without who manages its fields."""
    return {**obj, "metadata": {key: value for key, value in obj["metadata"].items() if key != "managedFields"}}


def untyped(obj: Mapping[str, Any]) -> dict[str, Any]:
    """The object as it stands in a list of Kubernetes' own kinds, which says the type once for all."""
    return {key: value for key, value in obj.items() if key not in {"apiVersion", "kind"}}
