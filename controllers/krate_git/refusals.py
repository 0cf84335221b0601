"""Verdicts as the lines that a Git client prints: what was refused, by which object's rule, and what to do instead."""

from collections.abc import Iterable

from krate_git.interface import Finding, Verdict


def lines(verdict: Verdict, correlation_id: str) -> list[str]:
    """Lines for the person who pushed; audits and bypasses are told too, refusals first."""
    refused = [finding for finding in verdict.findings if finding.enforced]
    noted = [finding for finding in verdict.findings if not finding.enforced]
    told = [line for finding in refused for line in _finding("Refused", finding)]
    told += [line for finding in noted for line in _finding("Noted", finding)]
    told += [f"Bypassed: {source}; this is recorded" for source in verdict.bypassed] if not refused else []
    if refused:
        told.append(f"Nothing was changed. Details: krate trace {correlation_id}")
    return told


def _finding(word: str, finding: Finding) -> Iterable[str]:
    first, *rest = finding.message.splitlines() or [""]
    yield f"{word}: {finding.ref} by {finding.source}, rule {finding.rule}:"
    yield f"  {first}"
    for line in rest:
        yield f"  {line}"
