"""The truthful YAML of an object, the commands that do the same, and which lines a control would change."""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final

import yaml

from krate.kinds import Kind
from krate_kube import paths
from krate_web.intents import Create, Intent, merged

_KEY: Final = re.compile(
    r"(?P<indent>\s*(?:- )*)(?P<key>[^\s:'\"][^:]*|'[^']*'|\"[^\"]*\")(?P<colon>:)(?P<rest>\s.*|)$"
)
_BLOCK: Final = re.compile(r": [|>][-+0-9]*$")


class _Dumper(yaml.SafeDumper):
    """Blocks for texts of several lines, as kubectl prints them."""


_BREAKS: Final = frozenset("\x85\u2028\u2029\ufeff")
"""What YAML 1.1 takes for line breaks or drops: only double quotes escape it."""


def _text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
    style = None
    if not _BREAKS.isdisjoint(data):
        style = '"'
    elif "\n" in data and data.strip() and not data[0].isspace():
        style = "|"  # the emitter itself falls back to quotes where a block cannot hold the text
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Dumper.add_representer(str, _text)


def dump(body: Mapping[str, Any]) -> str:
    """YAML as `kubectl get -o yaml` orders it: keys sorted, managedFields left out."""
    metadata = body.get("metadata")
    if isinstance(metadata, Mapping) and "managedFields" in metadata:
        body = {**body, "metadata": {key: value for key, value in metadata.items() if key != "managedFields"}}
    return yaml.dump(
        dict(body), Dumper=_Dumper, sort_keys=True, allow_unicode=True, default_flow_style=False, width=4096
    )


@dataclass(frozen=True, slots=True)
class YamlLine:
    """One line, cut so that a template can colour it."""

    indent: str
    key: str
    rest: str
    changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What the panel shows."""

    title: str
    """The object as kubectl prints it, `pull/web-42`."""
    note: str
    """One sentence: what is shown, and whether it is stored."""
    text: str
    lines: tuple[YamlLine, ...]
    commands: tuple[tuple[str, str], ...]
    """Name of the program and the line that does the same."""


def reference(kind: Kind, name: str) -> str:
    """`pull/web-42`: a form that kubectl accepts and that is short."""
    return f"{kind.short_names[0] if kind.short_names else kind.singular}/{name}"


def lines(text: str, before: str | None = None) -> tuple[YamlLine, ...]:
    """The lines of `text`; those that `before` lacks are marked as changed."""
    found = text.splitlines()
    changed: set[int] = set()
    if before is not None:
        matcher = SequenceMatcher(None, before.splitlines(), found, autojunk=False)
        for operation, _, _, first, last in matcher.get_opcodes():
            changed.update(range(first, last) if operation != "equal" else ())
    shown: list[YamlLine] = []
    block = -1  # indent of the key whose block text we are in
    for place, line in enumerate(found):
        indent = len(line) - len(line.lstrip())
        if block >= 0 and line.strip() and indent <= block:
            block = -1
        shown.append(_line(line, text=block >= 0, changed=place in changed))
        if block < 0 and _BLOCK.search(line):
            block = indent
    return tuple(shown)


def _line(line: str, *, text: bool, changed: bool) -> YamlLine:
    match = None if text else _KEY.fullmatch(line)
    if match is None:
        stripped = line.lstrip()
        return YamlLine(line[: len(line) - len(stripped)], "", stripped, changed)
    return YamlLine(match["indent"], match["key"] + match["colon"], match["rest"], changed)


def of_object(kind: Kind, body: Mapping[str, Any], *, api_url: str) -> Manifest:
    """The object as the server holds it."""
    metadata = body.get("metadata") or {}
    name, namespace = metadata.get("name", ""), metadata.get("namespace", "")
    text = dump(body)
    within = f" -n {shlex.quote(namespace)}" if namespace else ""
    path = paths.item(kind, name, namespace=namespace)
    return Manifest(
        title=reference(kind, name),
        note="What the server holds.",
        text=text,
        lines=lines(text),
        commands=(
            ("kubectl", f"kubectl get {shlex.quote(reference(kind, name))}{within} -o yaml"),
            ("curl", _curl(api_url + path)),
        ),
    )


def of_intent(intent: Intent, current: Mapping[str, Any] | None, *, api_url: str) -> Manifest:
    """What a form or a button would send.

    Args:
        intent: the request.
        current: the stored object that a patch changes.
        api_url: address of the API.
    """
    if isinstance(intent, Create):
        text = dump(intent.body)
        shown = lines(text)
        note = "What this form would create; nothing is sent yet."
        title = intent.kind.name
    else:
        before = dump(current or {})
        text = dump(merged(current or {}, intent.patch))
        shown = lines(text, before)
        note = "The object with the marked lines changed; nothing is sent yet."
        title = reference(intent.kind, intent.name)
    return Manifest(
        title=title,
        note=note,
        text=text,
        lines=shown,
        commands=(("kubectl", kubectl(intent)), ("curl", curl(intent, api_url))),
    )


def kubectl(intent: Intent) -> str:
    """The kubectl line that sends `intent`."""
    if isinstance(intent, Create):
        text = dump(intent.body)
        end = "KRATE"
        while end in text.splitlines():
            end += "_"
        return f"kubectl create -f - <<'{end}'\n{text}{end}"
    within = f" -n {shlex.quote(intent.namespace)}" if intent.namespace else ""
    target = shlex.quote(reference(intent.kind, intent.name))
    return f"kubectl patch {target}{within} --type merge -p {shlex.quote(_json(intent.patch))}"


def curl(intent: Intent, api_url: str) -> str:
    """The curl line that sends `intent`; the token and the CA come from the shell, never from the page."""
    if isinstance(intent, Create):
        url = api_url + paths.collection(intent.kind, intent.namespace)
        return _curl(url, "-X POST", "application/json", _json(intent.body))
    url = api_url + paths.item(intent.kind, intent.name, namespace=intent.namespace)
    return _curl(url, "-X PATCH", "application/merge-patch+json", _json(intent.patch))


def _curl(url: str, method: str = "", media: str = "", body: str = "") -> str:
    parts = ["curl", '--cacert "$KRATE_CA"', '-H "Authorization: Bearer $KRATE_TOKEN"']
    if method:
        parts += [method, f"-H 'Content-Type: {media}'", f"-d {shlex.quote(body)}"]
    return " ".join([*parts, shlex.quote(url)])


def _json(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
