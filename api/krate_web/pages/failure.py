"""When there is no page to show: not found, not allowed, not reachable, each as a sentence."""

from dataclasses import dataclass
from typing import ClassVar

from krate_web.page import Page
from krate_web.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class FailurePage(Page):
    """A failure instead of a page."""

    template: ClassVar[str] = "pages/failure.html"
    problem: Problem
