"""`/healthz`, `/livez` and `/readyz`, whole and check by check (AS/pkg/server/healthz).

Everybody may ask, so that a failure is named but not explained: the reason stands in the log.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Final

from krate import errors, logging
from krate_api.http import NOSNIFF, Request, Response

Check = Callable[[], Awaitable[str]]
"""Answers why something is not ready; empty when it is."""

_ROOTS: Final = ("/healthz", "/livez", "/readyz")
_READY: Final = "/readyz"
_TEXT: Final = "text/plain; charset=utf-8"


class Health:
    """The checks; whoever starts a part of the server registers one."""

    def __init__(self) -> None:
        self.checks: dict[str, Check] = {}
        """Readiness by name."""
        self._log = logging.get(component="health")

    @property
    def paths(self) -> Iterator[str]:
        """Every path that is answered."""
        for root in _ROOTS:
            yield root
            yield from (f"{root}/{name}" for name in self._checks(root))

    def _checks(self, root: str) -> Mapping[str, Check]:
        return {"ping": _fine, **(self.checks if root == _READY else {})}

    async def respond(self, request: Request) -> Response | None:
        """The answer of a health path; None when it is none."""
        root = next((root for root in _ROOTS if request.path == root or request.path.startswith(f"{root}/")), None)
        if root is None:
            return None
        checks = self._checks(root)
        if request.path == root:
            return await self._all(request, root[1:], checks)
        check = checks.get(request.path.removeprefix(f"{root}/"))
        if check is None:
            return None
        why = await check()
        if why:
            return Response(f"internal server error: {why}\n".encode(), 500, _TEXT, NOSNIFF)
        return Response(b"ok", content_type=_TEXT)

    async def _all(self, request: Request, name: str, checks: Mapping[str, Check]) -> Response:
        excluded = set(request.query.get("exclude", []))
        lines: list[str] = []
        failed = False
        for one, check in checks.items():
            if one in excluded:
                lines.append(f"[+]{one} excluded: ok")
            elif why := await check():
                failed = True
                lines.append(f"[-]{one} failed: reason withheld")
                self._log.warning("health check failed", check=one, path=name, error=why)
            else:
                lines.append(f"[+]{one} ok")
        if unknown := excluded - checks.keys():
            listed = ",".join(errors.quoted(one) for one in sorted(unknown))
            lines.append(f"warn: some health checks cannot be excluded: no matches for {listed}")
        if failed:
            text = "\n".join([*lines, f"{name} check failed", ""])
            return Response(text.encode(), 500, _TEXT, NOSNIFF)
        text = "\n".join([*lines, f"{name} check passed", ""]) if "verbose" in request.query else "ok"
        return Response(text.encode(), content_type=_TEXT, headers=NOSNIFF)


async def _fine() -> str:
    return ""
