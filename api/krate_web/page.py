"""A page is a frozen value; its template only arranges it.

Its living parts are fragments, rendered once and the same for the first paint and for the stream.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from krate.kinds import Kind
from krate_web.forms import Draft, Form
from krate_web.problems import Problem
from krate_web.standing import Tone


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the breadcrumb; the last one has no address."""

    text: str
    href: str = ""
    mono: bool = True


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab of an object."""

    key: str
    text: str
    href: str
    icon: str = ""
    count: int | None = None
    hotkey: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What stands around every page."""

    title: str
    user: str = ""
    csrf: str = ""
    theme: str = ""
    """light, dark, or "" for what the system says."""
    path: str = "/"
    """Address of this page, for coming back to it."""
    crumbs: tuple[Crumb, ...] = ()
    namespace: str = ""
    tabs: tuple[Tab, ...] = ()
    tab: str = ""
    manifest: str = ""
    """Address of the YAML of the page's object."""
    tone: Tone = Tone.QUIET
    """Colour of the seam."""
    wide: bool = False
    correlation: str = ""

    @property
    def up(self) -> str:
        """The page above this one."""
        above = [crumb.href for crumb in self.crumbs[:-1] if crumb.href]
        return above[-1] if above else ""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part of a page that is replaced when it changes.

    The template's outermost element carries `id`, and `data-after` where a page may not have the element yet.
    """

    id: str
    template: str
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Watch:
    """Objects whose changes may change the page."""

    kind: Kind
    namespace: str = ""
    fields: str = ""
    version: str = field(default="", compare=False)
    """Version of the collection that the page was built from, where it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What all pages have."""

    template: ClassVar[str]
    frame: Frame
    drafts: Mapping[str, Draft] = field(default_factory=dict[str, Draft])
    """Refused forms, by the form's id."""
    status: int = 200
    watches: tuple[Watch, ...] = ()

    def fragments(self) -> tuple[Fragment, ...]:
        """The living parts, in the order they stand."""
        return ()

    def draft(self, form: str) -> Form:
        """What a refused form held; empty for a fresh one."""
        found = self.drafts.get(form)
        return found.values if found else Form()

    def problem_of(self, form: str) -> Problem | None:
        """Why a form was refused."""
        found = self.drafts.get(form)
        return found.problem if found else None
