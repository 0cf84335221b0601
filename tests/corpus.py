"""Published sets of hostile input (`tests/corpora`)."""

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "corpora"


def _read(name: str) -> Any:
    return json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def json_documents(sort: str) -> dict[str, bytes]:
    """Documents of JSONTestSuite: `y` must be accepted, `n` refused, `i` either."""
    found = {name: held for name, held in _read("json_test_suite").items() if name.startswith(f"{sort}_")}
    texts = {name: held if isinstance(held, str) else held[0] * held[1] for name, held in found.items()}
    return {name: text.encode("latin-1") for name, text in texts.items()}


def naughty_strings() -> list[str]:
    """Strings that have broken programs."""
    return _read("naughty_strings")


def yaml_documents() -> dict[str, tuple[str, Any]]:
    """Documents of yaml-test-suite and what kube-apiserver's parser makes of them; `...` is a refusal."""
    return {name: (held["yaml"], held.get("json", ...)) for name, held in _read("yaml_test_suite").items()}
