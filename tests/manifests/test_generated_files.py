"""What is generated is committed, and says what the sources say."""

import re
from enum import StrEnum
from pathlib import Path

import pytest
import yaml

from krate import conditions, kinds
from krate.kinds import Form
from krate_cli import generate, reference

ROOT = Path(__file__).parents[2]


def test_committed_files_are_current(capsys: pytest.CaptureFixture[str]) -> None:
    """`generate --check` finds nothing to say about the checkout."""
    assert (generate.main(["--check"]), capsys.readouterr().out) == (0, "")


def test_the_same_bytes_every_time() -> None:
    """Two runs generate equal files, and YAML without anchors that reads back as what was meant."""
    first, second = generate.files(), generate.files()
    assert first == second
    for path, text in first.items():
        if path.endswith(".yaml"):
            assert not re.search(r"[&*]id\d", text)
            assert yaml.safe_load(text)["metadata"]["name"]


def test_every_kind_is_declared_where_it_belongs() -> None:
    """Composites have an XRD beside a Composition of the enforced name; other configuration has a CRD."""
    found = generate.files()
    for kind in kinds.KINDS:
        if kind.form is Form.COMPOSITE:
            definition = yaml.safe_load(found[f"compositions/{kind.plural}/definition.yaml"])
            composition = yaml.safe_load((ROOT / f"compositions/{kind.plural}/composition.yaml").read_text())
            assert definition["spec"]["enforcedCompositionRef"]["name"] == composition["metadata"]["name"]
            assert composition["spec"]["compositeTypeRef"] == {"apiVersion": kind.api_version, "kind": kind.name}
        assert (f"api/crds/{kind.plural}.yaml" in found) == (kind.form is Form.CONFIG)


def test_a_difference_is_readable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A changed, a missing and a left-over file are each told as a diff, and the check fails; writing mends all."""
    generate.write(tmp_path, generate.files())
    changed = tmp_path / "api/crds/providerconfigs.yaml"
    changed.write_text(changed.read_text().replace("Embedded", "Embeded", 1))
    (tmp_path / "api/crds/refpolicies.yaml").unlink()
    (tmp_path / "api/crds/nothings.yaml").write_text("kind: Nothing\n")
    assert generate.main(["--check"], root=tmp_path) == 1
    told = capsys.readouterr()
    assert "--- api/crds/providerconfigs.yaml (committed)" in told.out
    assert re.search(r"^-.*Embeded", told.out, re.MULTILINE)
    assert "+++ /dev/null (no longer generated)" in told.out
    assert "3 generated files differ: run `make generate`" in told.err
    assert generate.main([], root=tmp_path) == 0
    assert generate.main(["--check"], root=tmp_path) == 0
    assert generate.main([], root=tmp_path) == 0
    assert set(capsys.readouterr().out.split()) == {
        "api/crds/nothings.yaml",
        "api/crds/providerconfigs.yaml",
        "api/crds/refpolicies.yaml",
    }


def test_wrong_usage() -> None:
    """Anything but --check is wrong usage."""
    assert generate.main(["--chek"]) == 2


def test_every_condition_has_a_sentence() -> None:
    """The reference names every type and every reason, each with its sentence."""
    page = reference.conditions_page()
    for words in (conditions.Type, conditions.Reason):
        for word in words:
            assert re.search(rf"^\| `{word}` \| \S.*\. \|$", page, re.MULTILINE), word


class Words(StrEnum):
    ONE = "One"
    """First
    sentence."""
    TWO = "Two"


def test_a_condition_without_a_sentence_is_told() -> None:
    """Strings below members are read in any number of lines; members without one have none."""
    assert reference.sentences(Words) == {"ONE": "First sentence."}


def test_the_page_of_kinds() -> None:
    """Every kind of ours has its heading, fields with marks, columns and selectors."""
    page = reference.kinds_page()
    ours = [kind for kind in kinds.KINDS if kind.form is not Form.BUILTIN]
    assert re.findall(r"^### (\w+)$", page, re.MULTILINE) == sorted(
        (kind.name for kind in ours), key=lambda name: page.index(f"### {name}\n")
    )
    assert {kind.name for kind in ours} == set(re.findall(r"^### (\w+)$", page, re.MULTILINE))
    assert "| `spec.repository`*! | string |" in page
    assert "| `spec.defaultBranch` | string = `main` |" in page
    assert "Field selectors: `spec.pullRequest`, `status.author`." in page
