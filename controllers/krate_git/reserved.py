"""The host's own rules: what no protection can allow, because the host or its readers would break or be fooled."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

from krate_git.interface import ZERO, Finding, Push, RefUpdate
from krate_git.repositories import HEADS, TAGS

SOURCE: Final = "Krate/host"
MAX_REF: Final = 250
"""Characters of a ref name; a file name ends at 255 bytes, and a lock file adds five."""
MAX_SEGMENT_BYTES: Final = 200

RESERVED: Final = {
    "refs/pull/": "the host keeps pull requests there; push a branch and open a pull request",
    "refs/for/": "reviews are asked for by opening a pull request; push a branch and open one",
    "refs/drafts/": "push a branch and open a draft pull request",
    "refs/krate/": "the host keeps its own refs there",
    # Every Git command that reads through a replacement would show something else than what was reviewed.
    "refs/replace/": "replaced objects would hide what was reviewed",
}

# git check-ref-format, which receive-pack applies only after this evaluation and ref by ref.
_MALFORMED: Final = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|//|@\{|/\.|\.lock(/|$)|\.$|/$|^@$", re.ASCII)
_HEX: Final = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?", re.IGNORECASE)
_BIDIRECTIONAL: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def findings(push: Push, refs: Mapping[str, str], *, default_branch: str, archived: bool) -> Iterable[Finding]:
    """What the host itself refuses of a push."""
    if archived:
        yield _finding("archived", push.updates[0].ref, "the repository is archived; nothing can be pushed or merged")
        return
    sound = True
    for update in push.updates:
        rule, message = _problem(update, default_branch, refs)
        if rule:
            sound = False
            yield _finding(rule, update.ref, message)
    if sound:
        yield from _nested(push, refs)


def _nested(push: Push, refs: Mapping[str, str]) -> Iterable[Finding]:
    """Refs that cannot exist beside each other: Git would find out one by one, and move half of the push."""
    gone = {update.ref for update in push.updates if update.new == ZERO}
    created = [update.ref for update in push.updates if update.old == ZERO and update.new != ZERO]
    if not created:
        return
    there = (refs.keys() - gone) | set(created)
    folders = {parent for ref in there for parent in _parents(ref)}
    for ref in created:
        if ref in folders or not there.isdisjoint(_parents(ref)):
            yield _finding("refConflict", ref, f"{ref} cannot exist beside a ref of which one name begins the other")


def _parents(ref: str) -> Iterable[str]:
    parts = ref.split("/")
    return ("/".join(parts[:count]) for count in range(2, len(parts)))


def no_document(push: Push) -> Finding:
    """Why a repository without compiled rules accepts nothing."""
    message = (
        "the rules of this repository have not reached the Git host yet; try again when "
        f"`kubectl get repository {push.key.name} -n {push.key.namespace}` shows it Ready"
    )
    return _finding("noPolicyDocument", push.updates[0].ref, message)


def _problem(update: RefUpdate, default_branch: str, refs: Mapping[str, str]) -> tuple[str, str]:
    """Rule and message of the first thing that is wrong with an update; empty when nothing is."""
    if problem := name_problem(update.ref):
        return "refName", problem
    for prefix, instead in RESERVED.items():
        if (update.ref + "/").startswith(prefix):
            return "reservedRef", f"{prefix}** is reserved: {instead}"
    if update.old != refs.get(update.ref, ZERO):
        return "staleRef", f"{update.ref} moved while you pushed; fetch, look again, and push anew"
    if update.ref == HEADS + default_branch and update.new == ZERO:
        message = (
            f"{default_branch} is the default branch and cannot be deleted; "
            "set spec.defaultBranch of the Repository to another branch first"
        )
        return "defaultBranch", message
    return "", ""


def name_problem(ref: str) -> str:
    """Why a ref may not bear this name; empty when it may."""
    if not ref.startswith("refs/") or ref.count("/") < 2 or _MALFORMED.search(ref):  # noqa: PLR2004 - refs/heads/x
        return "this is no valid name of a ref"
    if len(ref) > MAX_REF or any(len(part.encode(errors="replace")) > MAX_SEGMENT_BYTES for part in ref.split("/")):
        return f"the name is too long; ref names end at {MAX_REF} characters, each part at {MAX_SEGMENT_BYTES} bytes"
    if any(_deceives(character) for character in ref):
        return "the name is no UTF-8, or holds control or direction characters that hide what it says"
    short = next((ref.removeprefix(kind) for kind in (HEADS, TAGS) if ref.startswith(kind)), "")
    return _short_problem(short)


def _short_problem(short: str) -> str:
    """Why no branch or tag may bear this name: Git or its users would take it for something else."""
    if short == "HEAD" or short.startswith(("-", "refs/")):
        return f"a branch or tag named {short} would be taken for something else"
    return "a branch or tag that looks like an object id would be taken for one" if _HEX.fullmatch(short) else ""


def _deceives(character: str) -> bool:
    category = unicodedata.category(character)
    return category in {"Cc", "Cs"} or unicodedata.bidirectional(character) in _BIDIRECTIONAL


def _finding(rule: str, ref: str, message: str) -> Finding:
    return Finding(SOURCE, rule, ref, message, enforced=True)
