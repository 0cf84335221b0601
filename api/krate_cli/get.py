"""`krate get`: the server's Table, YAML or JSON; `-w` follows. Thin: what kubectl does better, kubectl does."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import click

from krate.kinds import Kind
from krate_cli import connect, printing, targets
from krate_kube.client import HttpClient

_TABLE: Final = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


@click.command("get")
@click.argument("arguments", nargs=-1, required=True, metavar="KIND [NAME ...]")
@click.option("-n", "--namespace", default="", help="Namespace; the context's by default.")
@click.option("-A", "--all-namespaces", "everywhere", is_flag=True, help="All namespaces.")
@click.option("-l", "--selector", "labels", default="", help="Label selector.")
@click.option("--field-selector", "fields", default="", help="Field selector.")
@click.option("-o", "--output", "form", type=click.Choice(["wide", "yaml", "json", "name"]), help="Form of output.")
@click.option("-w", "--watch", "follow", is_flag=True, help="Print changes as they happen.")
@click.option("--show-managed-fields", "managed", is_flag=True, help="Keep managedFields in YAML and JSON.")
@connect.options
def command(
    *,
    arguments: tuple[str, ...],
    namespace: str,
    everywhere: bool,
    labels: str,
    fields: str,
    form: str | None,
    follow: bool,
    managed: bool,
    kubeconfig: Path | None,
    context: str,
) -> None:
    """Show objects of one or more kinds."""
    wanted = targets.split(arguments)
    params = {"labelSelector": labels, "fieldSelector": fields}
    selection = {key: value for key, value in params.items() if value}

    async def work() -> None:
        async with connect.client(kubeconfig, context) as client:
            place = "" if everywhere else namespace or client.connection.namespace
            for kind, name in wanted:
                shown = place if kind.namespaced else ""
                view = View(client, kind, name, place=shown, selection=selection, form=form or "", managed=managed)
                await view.show()
                if follow:
                    await view.follow()

    try:
        connect.run(work())
    except KeyboardInterrupt:
        raise click.exceptions.Exit(0) from None


class View:
    """What is shown of one kind."""

    def __init__(
        self,
        client: HttpClient,
        kind: Kind,
        name: str,
        *,
        place: str,
        selection: dict[str, str],
        form: str,
        managed: bool = False,
    ) -> None:
        self._client = client
        self._kind = kind
        self._name = name
        self._place = place
        self._selection = selection
        self._form = form
        self._managed = managed
        self._version = ""

    @property
    def _path(self) -> str:
        middle = f"/namespaces/{self._place}" if self._place else ""
        return f"{self._kind.base_path}{middle}/{self._kind.plural}"

    async def _get(self, accept: str) -> Any:
        path = f"{self._path}/{self._name}" if self._name else self._path
        return json.loads(await self._client.raw("GET", path, params=self._selection, headers={"Accept": accept}))

    async def show(self) -> None:
        """Print what is there now."""
        if self._form in {"yaml", "json", "name"}:
            body = await self._get("application/json")
            items = [body] if self._name else _typed(body)
            self._version = body["metadata"].get("resourceVersion", "")
            if self._form == "name":
                printing.echo(printing.names(items, self._kind))
            else:
                printing.echo(self._dump(items, single=bool(self._name)))
            return
        table = await self._get(_TABLE)
        self._version = table["metadata"].get("resourceVersion", "")
        if not table["rows"]:
            where = f" in {self._place} namespace" if self._place else ""
            click.echo(f"No resources found{where}.", err=True)
            return
        printing.echo(printing.aligned(self._rows(table, headers=True)))

    def _dump(self, items: list[dict[str, Any]], *, single: bool) -> str:
        shown = items if self._managed else [printing.unmanaged(item) for item in items]
        return printing.dump(shown, self._form, single=single)

    def _rows(self, table: dict[str, Any], *, headers: bool) -> list[list[str]]:
        several = self._kind.namespaced and not self._place
        return printing.table_rows(table, wide=self._form == "wide", namespaced=several, headers=headers)

    async def follow(self) -> None:
        """Print every later change, one row each, until interrupted."""
        async for body in self._changes():
            if self._form in {"yaml", "json"}:
                printing.echo("---\n" + self._dump([body], single=True))
                continue
            name = body["metadata"]["name"]
            accept = {"Accept": _TABLE}
            selection = {"fieldSelector": f"metadata.name={name}"}
            place = body["metadata"].get("namespace", "")
            middle = f"/namespaces/{place}" if place else ""
            path = f"{self._kind.base_path}{middle}/{self._kind.plural}"
            table = json.loads(await self._client.raw("GET", path, params=selection, headers=accept))
            if table["rows"]:
                printing.echo(printing.aligned(self._rows(table, headers=False)))

    async def _changes(self) -> AsyncIterator[dict[str, Any]]:
        fields = self._selection.get("fieldSelector", "")
        if self._name:
            fields = f"metadata.name={self._name}"
        labels = self._selection.get("labelSelector", "")
        async for event in self._client.watch(
            self._kind, namespace=self._place, resource_version=self._version, labels=labels, fields=fields
        ):
            yield event.object


def _typed(body: dict[str, Any]) -> list[dict[str, Any]]:
    return list(body["items"])
