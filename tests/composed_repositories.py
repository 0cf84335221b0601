"""Repositories as their composer is given them, and what it makes of them."""

from typing import Any

import composites
import factories
from krate_functions import dispatch


def repository(**parts: Any) -> dict[str, Any]:
    return composites.existing(factories.make_repository(**parts))


def compose(
    xr: dict[str, Any], observed: dict[str, Any] | None = None, *, without: tuple[str, ...] = (), **answers: Any
) -> dispatch.Answer:
    given = composites.compose_input(without=without)
    return dispatch.answer(xr, observed or {}, composites.required_by_repository(**answers), given)


def settled(xr: dict[str, Any], **answers: Any) -> dispatch.Answer:
    observed: dict[str, Any] = {}
    for _ in range(3):
        observed = composites.observed(compose(xr, observed, **answers), xr)
    return compose(xr, observed, **answers)


def objects_of(answer: dispatch.Answer) -> dict[str, Any]:
    return {name: composed.object for name, composed in answer.desired.resources.items()}


def people(answer: dispatch.Answer, step: str) -> list[str]:
    return [found["name"] for found in objects_of(answer)[f"binding-{step}"]["subjects"]]
