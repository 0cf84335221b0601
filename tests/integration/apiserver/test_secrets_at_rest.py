"""Secrets in a running server: nothing of them is readable in any of its files, whatever was done to them."""

import base64
from pathlib import Path

from api_answers import created, untyped
from krate import kinds
from served_api import ServedAPI, new_namespace, typed, until

CANARY = "cAnArY-k3p7-at-rest"
FORMS = (CANARY.encode(), base64.b64encode(CANARY.encode()))


def readable(folder: Path) -> list[str]:
    return sorted(
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and any(form in file.read_bytes() for form in FORMS)
    )


def test_no_file_holds_a_secret(tmp_path: Path) -> None:
    """Created, read, listed, patched, refused and deleted: the database, its log and the history stay unreadable."""
    kind = kinds.SECRET
    with ServedAPI(tmp_path) as served, served.admin() as admin:
        place = new_namespace(admin)
        applied = {"kubectl.kubernetes.io/last-applied-configuration": f'{{"stringData":{{"k":"{CANARY}"}}}}'}
        body = {**typed(kind), "metadata": {"name": "s", "annotations": applied}, "stringData": {"k": CANARY}}
        made = created(admin, kind, body, place)
        assert admin.create(kind, body, namespace=place).status_code == 409
        refused = {**body, "metadata": {"name": "S"}, "data": {"k": CANARY}}
        assert admin.create(kind, refused, namespace=place).status_code in {400, 422}
        assert admin.change(kind, "s", {"stringData": {"more": CANARY}}, namespace=place).status_code == 200
        read = admin.read(kind, "s", namespace=place).json()
        assert read["data"] == {**made["data"], "more": made["data"]["k"]}
        assert admin.list(kind, namespace=place).json()["items"] == [untyped(read)]
        created(admin, kind, {**body, "metadata": {"name": "kept"}}, place)
        assert admin.remove(kind, "s", namespace=place).status_code == 200
        path = f"{kind.base_path}/namespaces/{place}/{kind.plural}"
        with admin.stream("GET", path, params={"watch": "1", "resourceVersion": "0", "timeoutSeconds": "1"}) as watch:
            assert b"kept" in next(watch.iter_bytes())

        def told() -> bool:
            found = admin.list(kinds.ACTIVITY, namespace=place).json()["items"]
            return "delete" in {one["status"]["verb"] for one in found}

        until(told)
        assert readable(tmp_path) == []
    assert readable(tmp_path) == []
    with ServedAPI(tmp_path) as served, served.admin() as admin:
        assert admin.read(kind, "kept", namespace=place).json()["data"] == made["data"]
