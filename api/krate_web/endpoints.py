"""From a request to an answer: pages, forms, panels and streams, and every failure as a sentence where it belongs."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from krate import correlation, errors, logging, names
from krate_kube.interface import Object, Unreachable
from krate_web import forms, intents, live, manifests, places, problems, rendering
from krate_web.forms import Draft, Form
from krate_web.intents import Intent
from krate_web.page import Frame, Page
from krate_web.pages.failure import FailurePage
from krate_web.problems import Problem
from krate_web.site import Site
from krate_web.visits import SignInNeeded, Visit, address, theme, visiting

Endpoint = Callable[[Request], Awaitable[Response]]
Build = Callable[[Visit], Awaitable[Page]]
Drafts = Mapping[str, Draft]
Plan = Callable[[Visit, Form], Awaitable[Intent]]
BuildWithDrafts = Callable[[Visit, Drafts], Awaitable[Page]]

_FORM_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,200}")
_FAILURES = (errors.StatusError, Unreachable)


def is_htmx(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"


def show(site: Site, page: Page) -> Response:
    """A page as an answer."""
    return HTMLResponse(site.renderer.page(page).html, page.status)


def sign_in_first(site: Site, request: Request) -> Response:
    """To the sign-in page and back; the cookie of an ended session is dropped."""
    where = places.sign_in(_came_from(site, request))
    answer: Response
    if is_htmx(request):
        answer = Response(status_code=401, headers={"HX-Redirect": where})
    else:
        answer = RedirectResponse(where, 303)
    answer.delete_cookie(site.settings.session_cookie, path="/", secure=site.settings.secure, httponly=True)
    return answer


def _came_from(site: Site, request: Request) -> str:
    """The page to come back to: for a form or a part of a page, the page that it stands on."""
    if request.method == "GET" and not is_htmx(request):
        return address(request)
    page = request.headers.get("hx-current-url") or request.headers.get("referer", "")
    return page.removeprefix(site.settings.public_url) if page.startswith(f"{site.settings.public_url}/") else ""


def fail(site: Site, request: Request, error: Exception, *, frame: Frame | None = None) -> Response:
    """A whole page that says what went wrong."""
    problem = problems.of(error)
    around = frame or Frame(title=problem.title, theme=theme(request), path=address(request))
    page = FailurePage(frame=replace(around, correlation=correlation.current()), problem=problem, status=problem.code)
    return show(site, page)


def page(site: Site, build: Build, follow: Build | None = None) -> Endpoint:
    """A GET endpoint: the page, or its stream when the page asks for it.

    Args:
        site: shared services.
        build: builds the page.
        follow: builds the same page for its stream, where the parts that do not live are dear and can be left out.
    """

    async def endpoint(request: Request) -> Response:
        if "live" in request.query_params:
            return live.respond(site, request, follow or build)
        frame: Frame | None = None
        try:
            async with visiting(site, request) as visit:
                frame = visit.frame("Krate", namespace=_organization(visit))
                return show(site, await build(visit))
        except (SignInNeeded, errors.Unauthorized):
            return sign_in_first(site, request)
        except _FAILURES as error:
            return fail(site, request, error, frame=frame)

    return endpoint


def _organization(visit: Visit) -> str:
    """The organisation in the address, so that a failure keeps its navigation."""
    namespace = visit.params.get("namespace", "")
    return "" if names.label_problems(namespace) else namespace


def part(site: Site, template: str, build: Callable[[Visit], Awaitable[object]]) -> Endpoint:
    """A GET endpoint that answers a piece of HTML for a page that is already there."""

    async def endpoint(request: Request) -> Response:
        try:
            async with visiting(site, request) as visit:
                frame = visit.frame("")
                value = await build(visit)
                return HTMLResponse(site.renderer.template(template, {"value": value, "frame": frame}))
        except (SignInNeeded, errors.Unauthorized):
            return sign_in_first(site, request)
        except _FAILURES as error:
            problem = problems.of(error)
            return HTMLResponse(site.renderer.template("parts/problem.html", {"problem": problem}), problem.code)

    return endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What a form does."""

    form: str
    """Id of the form; its problems appear in the element `<form>-problem`."""
    plan: Plan
    """The request it stands for. Raises a StatusError when the form makes no sense."""
    build: BuildWithDrafts
    """The page that holds the form."""
    done: Callable[[Visit, Object], str]
    """Where to go afterwards."""
    stays: bool = False
    """Whether the page stays and only its living parts change."""


def action(site: Site, what: Action) -> Endpoint:
    """A POST endpoint."""

    async def endpoint(request: Request) -> Response:
        try:
            async with visiting(site, request) as visit:
                return await _act(visit, what)
        except SignInNeeded:
            return sign_in_first(site, request)
        except _FAILURES as error:
            if is_htmx(request):
                return _refused_part(site, _form_id(request, what), problems.of(error))
            return fail(site, request, error)

    return endpoint


async def _act(visit: Visit, what: Action) -> Response:
    site, request = visit.site, visit.request
    form = await forms.read(request, secret=visit.token, origin=site.settings.public_url)
    try:
        intent = await what.plan(visit, form)
        if form.preview:
            return await _preview(visit, intent)
        result = await intents.send(visit.client, intent)
    except _FAILURES as error:
        return await _refuse(visit, what, form, error)
    return await _accept(visit, what, result)


async def _accept(visit: Visit, what: Action, result: Object) -> Response:
    """Where the form led: another page, or the parts of this one that changed."""
    target = what.done(visit, result)
    if not is_htmx(visit.request):
        return RedirectResponse(target, 303)
    elsewhere = Response(status_code=204, headers={"HX-Redirect": target})
    if not what.stays:
        return elsewhere
    try:
        parts = visit.site.renderer.fragments(await what.build(visit, {}))
    except _FAILURES:  # it is done; only the page that shows it cannot be built now
        return elsewhere
    return HTMLResponse("".join(rendering.partial(name, html) for name, html in parts.items()))


async def _preview(visit: Visit, intent: Intent) -> Response:
    current = await intents.current(visit.client, intent)
    manifest = manifests.of_intent(intent, current, api_url=visit.site.settings.api_url)
    return HTMLResponse(visit.site.renderer.template("parts/manifest.html", {"value": manifest}))


async def _refuse(visit: Visit, what: Action, form: Form, error: Exception) -> Response:
    """The problem beside the form. With htmx the form itself stays as it is: nobody loses what they typed."""
    namespace = visit.params.get("namespace", "")
    problem = await problems.explained(visit.client, problems.of(error), namespace=namespace)
    if form.preview:
        return HTMLResponse(visit.site.renderer.template("parts/problem.html", {"problem": problem}))
    if is_htmx(visit.request):
        return _refused_part(visit.site, _form_id(visit.request, what), problem)
    page = await what.build(visit, {what.form: Draft(form, problem)})
    return show(visit.site, replace(page, status=problem.code))


def _form_id(request: Request, what: Action) -> str:
    """Id of the very form that was sent: a page can hold several of one kind, such as the replies of its threads."""
    tag, _, found = request.headers.get("hx-source", "").partition("#")
    return found if tag == "form" and _FORM_ID.fullmatch(found) else what.form


def _refused_part(site: Site, form: str, problem: Problem) -> Response:
    html = site.renderer.template("parts/refusal.html", {"problem": problem, "form": form})
    # By attribute: names of objects may hold dots, which mean something in a selector.
    partial = f"""<hx-partial hx-target="[id='{form}-problem']" hx-swap="outerHTML">{html}</hx-partial>"""
    return HTMLResponse(partial, problem.code)


def unexpected(site: Site) -> Callable[[Request, Exception], Response]:
    """The last resort: an error of ours, as a page; the traceback goes to the log only."""

    def handler(request: Request, error: Exception) -> Response:
        logging.get(component="web").error("request failed", path=request.url.path, exc_info=error)
        problem = Problem(
            title="This page failed",
            message="The UI made a mistake. The log has the details under this id.",
            correlation=correlation.current(),
        )
        if is_htmx(request):
            return HTMLResponse(site.renderer.template("parts/problem.html", {"problem": problem}), 500)
        frame = Frame(title=problem.title, theme=theme(request), path=address(request))
        return show(site, FailurePage(frame=frame, problem=problem, status=500))

    return handler
