"""Stored bodies: one line of JSON."""

import json

import pytest

from krate_api.store import encoding


@pytest.mark.parametrize("end", ["\x85", "\u2028", "\u2029", "\n", "\r", "\x1c", "\x0b", "\x0c"])
def test_one_line(end: str) -> None:
    """Nothing in a text ends the line for any reader: clients split watches by lines, some by all that Unicode has."""
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": f"one{end}two"}}
    text = encoding.draft(obj).at(1)
    assert len(text.decode().splitlines()) == 1
    assert json.loads(text)["data"] == obj["data"]
