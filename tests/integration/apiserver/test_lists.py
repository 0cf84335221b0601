"""Lists: pages of one snapshot, versions and selectors, as kube-apiserver answers them."""

from typing import Any

import api_answers
import served_api
from api_answers import config_map, failure, listed, untyped
from krate import kinds
from served_api import API

CM = kinds.CONFIG_MAP


def test_list(admin: API, namespace: str, seventeen: list[dict[str, Any]]) -> None:
    """A list holds the objects as they are stored, in order, with the version it was read at."""
    body = listed(admin, namespace).json()
    version = body["metadata"].pop("resourceVersion")
    items = [untyped(obj) for obj in seventeen]
    assert body == {"apiVersion": "v1", "kind": "ConfigMapList", "metadata": {}, "items": items}
    assert int(version) >= int(seventeen[-1]["metadata"]["resourceVersion"])


def test_list_of_custom_resources(admin: API, namespace: str, web: dict[str, Any]) -> None:
    """A list of what is no kind of Kubernetes' own has whole objects, and says that nothing follows."""
    body = admin.list(kinds.REPOSITORY, namespace=namespace).json()
    assert (body["metadata"]["continue"], body["items"]) == ("", [web])


def test_empty_list(admin: API, namespace: str) -> None:
    """An empty list has items and a version that can be watched from."""
    body = listed(admin, namespace).json()
    assert body["items"] == []
    assert int(body["metadata"]["resourceVersion"]) > 0


def test_pages(admin: API, namespace: str, seventeen: list[dict[str, Any]]) -> None:
    """Pages have one version and say how many follow, and writers in between change nothing in them."""
    pages = [listed(admin, namespace, limit="5").json()]
    while token := pages[-1]["metadata"].get("continue"):
        number = len(pages)
        admin.remove(CM, f"c{number * 5 + 1:02}", namespace=namespace)
        api_answers.created(admin, CM, config_map(f"c{number * 5:02}-new"), namespace)
        pages.append(listed(admin, namespace, **{"limit": "5", "continue": token}).json())
    assert [len(page["items"]) for page in pages] == [5, 5, 5, 2]
    assert len({page["metadata"]["resourceVersion"] for page in pages}) == 1
    assert [item for page in pages for item in page["items"]] == [untyped(obj) for obj in seventeen]
    assert [page["metadata"].get("remainingItemCount") for page in pages] == [12, 7, 2, None]


def test_pages_of_a_selection(admin: API, namespace: str, seventeen: list[dict[str, Any]]) -> None:
    """A page of a selection does not say how many follow, and the next pages hold the selection too."""
    params = {"limit": "3", "labelSelector": "parity=odd"}
    first = listed(admin, namespace, **params).json()
    assert "remainingItemCount" not in first["metadata"]
    for item in seventeen:
        admin.change(CM, item["metadata"]["name"], {"metadata": {"labels": {"parity": "none"}}}, namespace=namespace)
    second = listed(admin, namespace, **params, **{"continue": first["metadata"]["continue"]}).json()
    names = [item["metadata"]["name"] for item in [*first["items"], *second["items"]]]
    assert names == ["c01", "c03", "c05", "c07", "c09", "c11"]
    assert {item["metadata"]["labels"]["parity"] for item in second["items"]} == {"odd"}


def test_limit_that_is_none(admin: API, namespace: str, seventeen: list[dict[str, Any]]) -> None:
    """-1 is no limit, 0 neither; a page of exactly the rest is the last one."""
    for limit in ("-1", "0", "17", "18"):
        body = listed(admin, namespace, limit=limit).json()
        assert (len(body["items"]), "continue" in body["metadata"]) == (17, False)


def test_compacted_token(admin: API, namespace: str, seventeen: list[dict[str, Any]], served: Any) -> None:
    """A token of a snapshot that is gone: 410 with a token that goes on with what is there now."""
    first = listed(admin, namespace, limit="5").json()["metadata"]["continue"]
    admin.remove(CM, "c16", namespace=namespace)
    served.run(lambda: served.core.store.compact(CM.resource, keep=0, before=10.0**12))
    gone = listed(admin, namespace, **{"continue": first, "limit": "5"})
    body = gone.json()
    assert (gone.status_code, body["reason"]) == (410, "Expired")
    assert body["message"].startswith("The provided continue parameter is too old to display a consistent list result")
    rest = listed(admin, namespace, **{"continue": body["metadata"]["continue"]}).json()
    assert [item["metadata"]["name"] for item in rest["items"]] == [f"c{number:02}" for number in range(5, 16)]
    old = listed(admin, namespace, resourceVersion="1", resourceVersionMatch="Exact")
    assert (old.status_code, failure(old)["message"]) == (
        410,
        "The resourceVersion for the provided list is too old.",
    )


def test_exact_and_not_older(admin: API, namespace: str, seventeen: list[dict[str, Any]]) -> None:
    """Exact is the state then; NotOlderThan and 0 are the state now; a limit makes a version exact."""
    version = seventeen[3]["metadata"]["resourceVersion"]
    counts = {
        ("Exact", "0"): 4,
        ("NotOlderThan", "0"): 17,
        ("", "0"): 17,
        ("", "100"): 4,
        ("NotOlderThan", "100"): 17,
    }
    for (match, limit), count in counts.items():
        params = {"resourceVersion": version, "limit": limit, **({"resourceVersionMatch": match} if match else {})}
        body = listed(admin, namespace, **params).json()
        assert len(body["items"]) == count, params
        if count == 4:
            assert body["metadata"]["resourceVersion"] == version
    for limit in ("0", "5"):  # version 0 is served from a cache that knows no pages
        assert len(listed(admin, namespace, resourceVersion="0", limit=limit).json()["items"]) == 17


def test_all_namespaces(admin: API, namespace: str, seventeen: list[dict[str, Any]]) -> None:
    """A list over all namespaces is in order of namespace and name."""
    elsewhere = served_api.new_namespace(admin)
    api_answers.created(admin, CM, config_map("only"), elsewhere)
    items = admin.list(CM).json()["items"]
    keys = [(item["metadata"]["namespace"], item["metadata"]["name"]) for item in items]
    assert keys == sorted(keys)
    assert {namespace, elsewhere} <= {one for one, _ in keys}
    selected = admin.list(CM, fieldSelector=f"metadata.namespace={elsewhere}").json()["items"]
    assert [item["metadata"]["name"] for item in selected] == ["only"]


def test_selectable_fields_of_events(admin: API, namespace: str) -> None:
    """Events are selected by what they are about, as `kubectl describe` does."""
    for number in range(3):
        event = {
            **served_api.typed(kinds.EVENT),
            "metadata": {"name": f"e{number}"},
            "involvedObject": {"kind": "Repository", "name": f"r{number}", "namespace": namespace, "uid": f"u{number}"},
            "reason": "Happened",
            "type": "Warning",
        }
        api_answers.created(admin, kinds.EVENT, event, namespace)
    selector = f"involvedObject.name=r1,involvedObject.namespace={namespace},involvedObject.uid=u1,type!=Normal"
    found = admin.list(kinds.EVENT, namespace=namespace, fieldSelector=selector).json()["items"]
    assert [item["metadata"]["name"] for item in found] == ["e1"]
