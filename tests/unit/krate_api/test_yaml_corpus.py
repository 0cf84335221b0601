"""The YAML reader on yaml-test-suite: what kube-apiserver's parser was recorded to make of every document."""

import pytest

import corpus
from krate_api import bodies

DOCUMENTS = corpus.yaml_documents()
REFUSED = {
    # Go's parser takes what a foreign tag stands on for a text, a map or a list; we refuse what JSON has no type for.
    "a foreign tag": "2XXW-0 565N-0 6CK3-0 7FWL-0 C4HZ-0 CC74-0 CUP7-0 J7PZ-0 M5C3-0 P76L-0 UGM3-0 Z67P-0 Z9M4-0",
    # Go's parser reads the first document and looks at nothing behind it, malformed or not.
    "more than one document": "3HFZ-0 4H7K-0 9HCY-0 BS4K-0 DK3J-0 EB22-0 FP8R-0 KS4U-0 QLJ7-0 RHX7-0",
    # libyaml forbids them, its port in Go does not.
    "anchors twice, escapes and tags that are no such": "3GZX-0 HRE5-0 U99R-0",
}
ACCEPTED = {
    # Go's port of libyaml knows YAML 1.1 only, and of it not every escape and not every plain scalar in a list.
    "27NA-0": "text",
    "3UYS-0": {"escaped slash": "a/b"},
    "DK95-7": None,
    "JR7V-0": [
        *("a?string", "another ? string", {"key": "value?"}, ["a?string"], ["another ? string"]),
        *({"key": "value?"}, {"key": "value?"}, {"key?": "value"}),
    ],
    "RTP8-0": "Document",
    "S4JQ-0": ["12", 12, 12],
    "WZ62-0": {"foo": "", "": "bar"},
}
OURS = {name: ... for names in REFUSED.values() for name in names.split()} | ACCEPTED


@pytest.mark.parametrize("name", DOCUMENTS)
def test_document(name: str) -> None:
    """It means what it means there, or is refused; where we differ, in nothing but what is listed."""
    text, theirs = DOCUMENTS[name]
    try:
        found = bodies.value_of(text.encode(), "application/yaml")
    except bodies.Malformed:
        found = ...
    assert found == OURS.get(name, theirs)
    assert name not in OURS or OURS[name] != theirs
