"""Objects whose labels and fields repeat, and what a selection means told without any index."""

from dataclasses import dataclass
from typing import Any

from krate.selectors import EVERYTHING, Selector
from krate_api.store.interface import Put
from store_rooms import put

COLOURS = ("red", "green", "blue", "")
SIZES = ("1", "2", "10")


def sample(number: int) -> Put:
    """Object `number`: labels and fields that repeat at different rates."""
    labels = {"colour": COLOURS[number % 4]} if number % 5 else {}
    if number % 3 == 0:
        labels["size"] = SIZES[number % 3]
    fields = {"spec.size": SIZES[number % 3], "spec.owner": "alice" if number % 2 else ""}
    namespace = "acme" if number % 7 else "globex"
    return put(f"n{number:03}", namespace=namespace, labels=labels, fields=fields, number=number)


@dataclass(frozen=True)
class Selection:
    """Arguments of one list."""

    labels: Selector = EVERYTHING
    fields: Selector = EVERYTHING
    namespace: str = ""

    def takes(self, operation: Put) -> bool:
        """What the arguments mean, told without any index."""
        at = operation.key
        known = {**operation.index.fields, "metadata.name": at.name, "metadata.namespace": at.namespace}
        return (
            (not self.namespace or at.namespace == self.namespace)
            and self.labels.matches(operation.index.labels)
            and self.fields.matches(known)
        )

    @property
    def arguments(self) -> dict[str, Any]:
        return {"labels": self.labels, "fields": self.fields, "namespace": self.namespace}


def ordered(operations: list[Put]) -> list[str]:
    keys = sorted((one.key.namespace, one.key.name) for one in operations)
    return [f"{namespace}/{name}" for namespace, name in keys]
