"""Stable names for what must differ between two servers.

UIDs become `<uid 1>` in the order they appear, versions of objects their rank among those seen (so that "unchanged" and
"moved" stay visible), times `<time>`. Nothing else is touched: whatever remains is compared whole.
"""

import json
import re
from typing import Any

UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
AGE = re.compile(r"\b(\d+[smh])+(?=\s|$)")
CURRENT = re.compile(
    r"(?<=current: )\d+|(?<=match the ResourceVersion in record \()\d+|(?<=too old resource version: )\d+ \(\d+\)"
)
PRINTED = re.compile(
    r"(?<=LIVE-)\d+|(?<=MERGED-)\d+|(?<=resourceVersion: \")\d+|(?<=Resource Version:)\s+\d+"
    r"|^[IWEF]\d{4} [\d:.]+ +\d+|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ [+-]\d{4}",
    re.MULTILINE,
)
"""What kubectl prints of temporary files, versions and clocks."""
QUOTED = re.compile(r'(?<=patch: Invalid value: ")\{.*\}(?=": )')
"""A whole object in a message: the order of its managers depends on the clock."""
IN_YAML = re.compile(r'(?<=resourceVersion: ")\d+')
ENCODED = re.compile(r'(?<=\\"resourceVersion\\":\\")\d+|(?<="resourceVersion":")\d+')
"""Versions inside objects that a message quotes."""
RANDOM = re.compile(r"(?<=gen-)[a-z0-9]{5}|(?<=Gen_)[a-z0-9]{5}")
KEY = re.compile(r"(?<=Key: )[^,]+")


def _in_order(value: dict[str, Any]) -> dict[str, Any]:
    """A Status with its causes sorted, in its message too: upstream tells them in the random order of Go's maps."""
    causes = (value.get("details") or {}).get("causes") if value.get("kind") == "Status" else None
    if not causes or len(causes) < 2:
        return value
    causes = sorted(causes, key=lambda one: (one.get("field", ""), one.get("message", "")))
    head, _, rest = value["message"].partition(": [")
    told = [f"{one.get('field', '')}: {one['message']}" for one in causes]
    if sum(map(len, told)) + 2 * (len(told) - 1) + 1 == len(rest) and all(one in rest for one in told):
        value = {**value, "message": f"{head}: [{', '.join(told)}]"}
    return {**value, "details": {**value["details"], "causes": causes}}


class Names:
    """Stable names for what differs between two servers."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._uids: dict[str, str] = {}
        self._versions: set[int] = set()

    def learn(self, value: Any) -> None:
        """Collect versions of objects and UIDs."""
        if isinstance(value, dict):
            meta = value.get("metadata")
            if isinstance(meta, dict) and "uid" in meta and str(meta.get("resourceVersion", "")).isdigit():
                self._versions.add(int(meta["resourceVersion"]))
            for item in value.values():
                self.learn(item)
        elif isinstance(value, list):
            for item in value:
                self.learn(item)
        elif isinstance(value, str):
            for uid in UID.findall(value):
                self._uids.setdefault(uid, f"<uid {len(self._uids) + 1}>")

    def rename(self, value: Any) -> Any:
        if isinstance(value, dict):
            value = _in_order(value)
            return {key: self._member(key, item, value) for key, item in value.items()}
        if isinstance(value, list):
            return [self.rename(item) for item in value]
        if not isinstance(value, str):
            return value
        return "<age>" if AGE.fullmatch(value) else self.text(value)

    def _member(self, key: str, value: Any, owner: dict[str, Any]) -> Any:
        if key == "resourceVersion" and isinstance(value, str) and value.isdigit():
            return self._version(int(value), listed="uid" not in owner)
        if key == "managedFields" and isinstance(value, list):
            # In the order of their times, which are whole seconds: two runs may differ.
            return sorted((self.rename(one) for one in value), key=lambda one: json.dumps(one, sort_keys=True))
        if key == "continue" and value:
            return "<token>"
        return self.rename(value)

    def _version(self, value: int, *, listed: bool) -> str:
        if not listed:
            return f"<version {sorted(self._versions).index(value) + 1}>"
        return "<no version>" if value == 0 else "<version of a list>"

    def text(self, value: str) -> str:
        for uid, name in self._uids.items():
            value = value.replace(uid, name)
        value = QUOTED.sub("<object>", value)
        value = RANDOM.sub("<random>", value)
        value = TIME.sub("<time>", UID.sub("<uid>", value))
        value = IN_YAML.sub("<version>", value)
        value = KEY.sub("<key>", ENCODED.sub("<version>", CURRENT.sub("<version>", value)))
        return value.replace(self._namespace, "<namespace>")
