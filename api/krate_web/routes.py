"""Which address shows what."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from krate import errors
from krate_kube.interface import Unreachable
from krate_web import endpoints, security
from krate_web.contents import Contents
from krate_web.pages import (
    activity,
    blob,
    code,
    history,
    home,
    hooks,
    new_pull,
    organization,
    pull,
    pull_actions,
    pull_files,
    pull_tabs,
    pulls,
    sign_in,
    yaml,
)
from krate_web.site import Site
from krate_web.visits import SignInNeeded, Visit, visiting

_PULL = "/{namespace}/{repository}/pulls/{number:int}"


def build(site: Site) -> list[BaseRoute]:
    """All routes; fixed words before names, and `/-/` before organisations, which cannot be called `-`."""
    return [*_ours(site), *_repositories(site), *_pulls(site), _get("/{namespace}", site, organization.build)]


def _get(path: str, site: Site, page: endpoints.Build, follow: endpoints.Build | None = None) -> Route:
    return Route(path, endpoints.page(site, page, follow), methods=["GET"])


def _post(path: str, site: Site, action: endpoints.Action) -> Route:
    return Route(path, endpoints.action(site, action), methods=["POST"])


def _ours(site: Site) -> list[BaseRoute]:
    return [
        Route("/-/static/{path:path}", site.assets.serve, methods=["GET"]),
        Route("/-/healthz", _healthy, methods=["GET"]),
        Route("/-/theme", sign_in.choose_theme(site), methods=["POST"]),
        Route("/-/organizations", endpoints.part(site, "parts/switcher.html", home.organizations), methods=["GET"]),
        Route("/-/panel/{resource}/{place}/{name}", endpoints.part(site, "parts/manifest.html", yaml.panel)),
        _get("/-/manifest/{resource}/{place}/{name}", site, yaml.build),
        Route("/signin", sign_in.show(site), methods=["GET"]),
        Route("/signin", sign_in.submit(site), methods=["POST"]),
        Route("/signin/{code}", sign_in.show(site), methods=["GET"]),
        Route("/signout", sign_in.sign_out(site), methods=["POST"]),
        Route("/favicon.ico", _icon, methods=["GET"]),
        _get("/", site, home.build),
        _get("/{namespace}/-/activity", site, activity.build),
    ]


def _repositories(site: Site) -> list[BaseRoute]:
    below = "/{namespace}/{repository}"
    return [
        _get(below, site, code.build),
        _get(f"{below}/tree/{{path:path}}", site, code.build),
        _get(f"{below}/tree", site, code.build),
        _get(f"{below}/blob/{{path:path}}", site, blob.build),
        Route(f"{below}/raw/{{path:path}}", _raw(site), methods=["GET"]),
        _get(f"{below}/commits", site, history.commits),
        _get(f"{below}/branches", site, history.branches),
        _get(f"{below}/hooks", site, hooks.build),
    ]


def _pulls(site: Site) -> list[BaseRoute]:
    new = "/{namespace}/{repository}/pulls/new"
    return [
        _get("/{namespace}/{repository}/pulls", site, pulls.build),
        _get(new, site, new_pull.show),
        _post(new, site, new_pull.CREATE),
        _get(_PULL, site, pull.show),
        _get(f"{_PULL}/files", site, pull_files.show, pull_files.follow),
        Route(f"{_PULL}/more-files", endpoints.part(site, "parts/more-files.html", pull_files.show), methods=["GET"]),
        _get(f"{_PULL}/commits", site, pull_tabs.commits),
        _get(f"{_PULL}/checks", site, pull_tabs.checks),
        _get(f"{_PULL}/yaml", site, pull_tabs.yaml),
        *(_post(f"{_PULL}/{path}", site, action) for path, action in pull_actions.ACTIONS.items()),
    ]


async def _healthy(_request: Request) -> Response:
    return PlainTextResponse("ok")


async def _icon(_request: Request) -> Response:
    return Response(status_code=204, headers={"Cache-Control": "public, max-age=86400"})


def _raw(site: Site) -> endpoints.Endpoint:
    """Bytes out of a repository: images as images, all else as text, and nothing that runs."""

    async def read(visit: Visit) -> Response:
        path = visit.params["path"]
        reader = Contents(visit.client, visit.params["namespace"], visit.params["repository"])
        body = await reader.raw(visit.query("ref"), path)
        media = blob.IMAGES.get(blob.suffix(path))
        if media is None:
            media = "application/octet-stream" if b"\0" in body[:8192] else "text/plain; charset=utf-8"
        return Response(body, media_type=media, headers={"Content-Security-Policy": security.RAW_POLICY})

    async def endpoint(request: Request) -> Response:
        try:
            async with visiting(site, request) as visit:
                return await read(visit)
        except (SignInNeeded, errors.Unauthorized):
            return endpoints.sign_in_first(site, request)
        except (errors.StatusError, Unreachable) as error:
            return endpoints.fail(site, request, error)

    return endpoint
