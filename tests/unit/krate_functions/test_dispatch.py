"""Failures become words: object, composer and place, never a bare exception."""

from typing import Any

import pytest

import composites
import factories
from krate_functions import composers, composition, dispatch
from krate_functions.composition import Event, Severity

REPOSITORY = factories.make_repository()


@pytest.mark.parametrize(
    ("xr", "given", "want"),
    [
        (REPOSITORY, None, "Compose input is invalid: options: Field required"),
        (
            REPOSITORY,
            {"apiVersion": "fn.krate.a5c.ai/v1alpha1", "kind": "Compose", "options": {"serves": ["A"], "serve": 1}},
            "Compose input is invalid: options.serve: Extra inputs are not permitted",
        ),
        (
            REPOSITORY,
            {"apiVersion": "fn.krate.a5c.ai/v2", "kind": "Compose", "options": {"serves": ["A"]}},
            "input is fn.krate.a5c.ai/v2 Compose, not fn.krate.a5c.ai/v1alpha1 Compose",
        ),
        (
            REPOSITORY,
            composites.compose_input("nope"),
            "no composer is called 'nope'; known are organization, repository, team",
        ),
        (
            REPOSITORY,
            composites.compose_input("team"),
            "composer team composes krate.a5c.ai/v1alpha1 Team, not Repository acme/web",
        ),
        (
            {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "t"}},
            composites.compose_input(),
            "no composer is called 'thing'; known are organization, repository, team",
        ),
        (
            {
                **REPOSITORY,
                "spec": {"access": [{"kind": "Team", "name": "a", "role": "Owner"}], "visibility": "Secret"},
            },
            composites.compose_input(),
            (
                "Repository acme/web is invalid: spec.visibility: Input should be 'Private', 'Internal' or 'Public'; "
                "spec.access[0].role: Input should be 'Reader', 'Writer' or 'Admin'"
            ),
        ),
        (
            {**REPOSITORY, "spec": {"access": [{}, {}]}},
            composites.compose_input(),
            (
                "Repository acme/web is invalid: spec.access[0].kind: Field required; spec.access[0].name: Field "
                "required; spec.access[0].role: Field required; and 3 more"
            ),
        ),
    ],
    ids=[
        "no input",
        "typo in options",
        "wrong version",
        "unknown composer",
        "composer of another kind",
        "kind without composer",
        "bad values",
        "many problems",
    ],
)
def test_refusals(xr: dict[str, Any], given: dict[str, Any] | None, want: str) -> None:
    """What cannot be composed is refused with the path of each problem, without repeating values."""
    with pytest.raises(dispatch.Refused) as caught:
        dispatch.answer(xr, {}, {}, given)
    assert str(caught.value) == want


def test_a_composer_that_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception in a composer names the composite and the line, and does not escape."""

    def compose(*_args: object) -> composition.Desired:
        return {}["missing"]

    kind, _ = composers.COMPOSERS["repository"]
    monkeypatch.setattr(composers, "COMPOSERS", {"repository": (kind, compose)})
    with pytest.raises(
        dispatch.Refused, match=r"composing Repository acme/web failed: KeyError: 'missing' \(test_dispatch\.py:\d+\)"
    ):
        dispatch.answer(REPOSITORY, {}, {}, composites.compose_input())


def test_the_composer_follows_the_kind() -> None:
    """Without a composer in the input the composite's kind decides."""
    given = composites.compose_input()
    named = composites.compose_input("repository")
    answers = composites.required_by_repository()
    assert dispatch.answer(REPOSITORY, {}, answers, given) == dispatch.answer(REPOSITORY, {}, answers, named)


def test_events_on_transition_only() -> None:
    """A condition that turned is told once: the next pass, which sees it in the status, is silent."""
    team = factories.make_team(spec={"parent": "nobody"})
    answers = {"teams": [team], "namespace": [composites.namespace()]}
    first = dispatch.answer(team, {}, answers, composites.compose_input())
    text = "Team nobody does not exist: create it or remove spec.parent"
    assert first.events == (Event(Severity.WARNING, "TeamMissing", text),)
    said = [{"type": c.type, "status": c.status, "reason": c.reason} for c in first.desired.conditions]
    again = {**team, "status": {"conditions": said}}
    assert dispatch.answer(again, {}, answers, composites.compose_input()).events == ()
