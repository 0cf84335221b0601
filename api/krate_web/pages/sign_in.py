"""Signing in and out: with a password, or with the one-time link that Krate printed."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Final

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from krate import clock, correlation, errors
from krate_kube.interface import Unreachable
from krate_web import endpoints, forms, places, problems, security
from krate_web.forms import Draft, Form
from krate_web.page import Frame, Page
from krate_web.site import Site
from krate_web.visits import THEME_COOKIE, THEMES, SignInNeeded, theme, visiting

SESSION_PATH: Final = "/-/session"
"""Where the API server trades a password or a code for a token."""
FORM: Final = "sign-in"
_VISITOR_COOKIE: Final = "krate-visitor"
"""Ties the sign-in form to a browser before there is a session, so that nobody signs a victim in as somebody else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPage(Page):
    """The form."""

    template: ClassVar[str] = "pages/sign-in.html"
    next: str
    host: str
    code: str = ""
    """A one-time code that waits for a click: link previews must not use it up."""


def _page(site: Site, request: Request, visitor: str, *, code: str = "", draft: Draft | None = None) -> SignInPage:
    wanted = request.query_params.get("next", "") or (draft.values["next"] if draft else "")
    return SignInPage(
        frame=Frame(
            title="Sign in to Krate",
            csrf=security.csrf_token(visitor),
            theme=theme(request),
            correlation=correlation.current(),
        ),
        next=wanted if places.is_local(wanted) else "",
        host=site.settings.host,
        code=code,
        drafts={FORM: draft} if draft else {},
        status=draft.problem.code if draft else 200,
    )


def _answer(site: Site, request: Request, *, code: str = "", draft: Draft | None = None) -> Response:
    visitor = request.cookies.get(_VISITOR_COOKIE) or secrets.token_urlsafe(24)
    answer = endpoints.show(site, _page(site, request, visitor, code=code, draft=draft))
    answer.set_cookie(
        _VISITOR_COOKIE,
        visitor,
        max_age=3600,
        path="/signin",
        secure=site.settings.secure,
        httponly=True,
        samesite="lax",
    )
    return answer


def show(site: Site) -> endpoints.Endpoint:
    """GET /signin, and GET /signin/<code>, the one-time link.

    A link that a person pasted or opened from a terminal signs in at once. One that came from another page, a preview
    or a prefetch is a form with one button, so that neither uses it up nor signs somebody in unasked.
    """

    async def endpoint(request: Request) -> Response:
        code = request.path_params.get("code", "")
        if code and _by_hand(request):
            return await _enter(site, request, Form({"code": code, "next": request.query_params.get("next", "")}))
        return _answer(site, request, code=code)

    return endpoint


def _by_hand(request: Request) -> bool:
    """Whether the browser says that its user, and no page, went here (Fetch Metadata: site `none`)."""
    sent = request.headers
    return sent.get("sec-fetch-site") == "none" and "sec-purpose" not in sent and "purpose" not in sent


def submit(site: Site) -> endpoints.Endpoint:
    """POST /signin."""

    async def endpoint(request: Request) -> Response:
        visitor = request.cookies.get(_VISITOR_COOKIE, "")
        try:
            form = await forms.read(request, secret=visitor, origin=site.settings.public_url)
        except errors.StatusError as error:
            return _answer(site, request, draft=Draft(Form(), problems.of(error)))
        return await _enter(site, request, form)

    return endpoint


async def _enter(site: Site, request: Request, form: Form) -> Response:
    try:
        session = await _trade(site, form)
    except (errors.StatusError, Unreachable) as error:
        return _answer(site, request, draft=Draft(form, _refusal(error)))
    answer = RedirectResponse(form["next"] if places.is_local(form["next"]) else "/", 303)
    _remember(site, answer, session)
    return answer


def _refusal(error: Exception) -> problems.Problem:
    """Why nobody was signed in: here 401 is about what was typed, not about a session that ended."""
    problem = problems.of(error)
    if not isinstance(error, errors.Unauthorized):
        return problem
    return replace(problem, title="Not signed in", advice="Ask for a new link with krate up, or try another password.")


async def _trade(site: Site, form: Form) -> dict[str, str]:
    """A session for a password or a code.

    Raises:
        StatusError: neither is right.
    """
    keys = ("code",) if form["code"] else ("username", "password")
    body = orjson.dumps({key: form[key].strip() if key != "password" else form[key] for key in keys})
    async with site.clients.lease("") as nobody:
        answer = await nobody.raw("POST", SESSION_PATH, body=body, headers={"Content-Type": "application/json"})
    session = orjson.loads(answer)
    if not isinstance(session, dict) or not session.get("token"):
        raise errors.InternalError.of("the API server answered without a token")
    return session


def _remember(site: Site, answer: Response, session: dict[str, str]) -> None:
    expires: datetime | None = clock.parse(session["expiresAt"]) if session.get("expiresAt") else None
    answer.set_cookie(
        site.settings.session_cookie,
        session["token"],
        expires=expires,
        path="/",
        secure=site.settings.secure,
        httponly=True,
        samesite="lax",
    )


def sign_out(site: Site) -> endpoints.Endpoint:
    """POST /signout: forgets the session in this browser."""

    async def endpoint(request: Request) -> Response:
        token = request.cookies.get(site.settings.session_cookie, "")
        try:
            if token:
                await forms.read(request, secret=token, origin=site.settings.public_url)
        except errors.StatusError as error:
            return endpoints.fail(site, request, error)
        answer = RedirectResponse("/signin", 303)
        answer.delete_cookie(site.settings.session_cookie, path="/", secure=site.settings.secure, httponly=True)
        # What the browser cached of these pages goes with the session.
        answer.headers["Clear-Site-Data"] = '"cache"'
        return answer

    return endpoint


def choose_theme(site: Site) -> endpoints.Endpoint:
    """POST /-/theme: light, dark, or what the system says."""

    async def endpoint(request: Request) -> Response:
        try:
            async with visiting(site, request) as visit:
                form = await forms.read(request, secret=visit.token, origin=site.settings.public_url)
        except SignInNeeded:
            return endpoints.sign_in_first(site, request)
        except (errors.StatusError, Unreachable) as error:
            return endpoints.fail(site, request, error)
        answer = RedirectResponse(form["next"] if places.is_local(form["next"]) else "/", 303)
        chosen = form["theme"]
        if chosen in THEMES:
            answer.set_cookie(
                THEME_COOKIE,
                chosen,
                max_age=31_536_000,
                path="/",
                secure=site.settings.secure,
                samesite="lax",
                httponly=True,
            )
        else:
            answer.delete_cookie(THEME_COOKIE, path="/")
        return answer

    return endpoint
