"""`krate trace ID`: the Activities of one correlation id, oldest first, through UI, API, Git and controllers."""

from pathlib import Path

import click

from krate import kinds
from krate_cli import connect, printing


@click.command("trace")
@click.argument("correlation_id")
@connect.options
def command(*, correlation_id: str, kubeconfig: Path | None, context: str) -> None:
    """Everything that happened under CORRELATION_ID."""

    async def work() -> list[list[str]]:
        async with connect.client(kubeconfig, context) as client:
            found = await client.list(kinds.ACTIVITY, fields=f"status.correlationID={correlation_id}")
            return [_row(item["status"]) for item in sorted(found.items, key=lambda item: item["metadata"]["name"])]

    rows = connect.run(work())
    if not rows:
        raise click.ClickException(f"nothing is recorded under {correlation_id}")
    printing.echo(printing.aligned([["AT", "ACTOR", "VERB", "OBJECT", "DECISION", "REASON"], *rows]))


def _row(status: dict[str, object]) -> list[str]:
    about = status.get("object")
    shown = about if isinstance(about, dict) else {}
    parts = [str(shown.get(key) or "") for key in ("namespace", "kind", "name", "subresource")]
    words = (status.get("at"), status.get("actor"), status.get("verb"))
    name = "/".join(part for part in parts if part)
    return [*(str(word) for word in words), name, str(status.get("decision")), str(status.get("reason") or "")]
