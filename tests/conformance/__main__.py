"""`make conformance`: our answers beside those of a real kube-apiserver, for the same requests and the same kinds.

make conformance                    every scenario
make conformance ONLY='applies.*'   some of them, and where they differ in full
"""

import argparse
import fnmatch
import sys
import tempfile
from pathlib import Path

from conformance import comparison

GREEN, RED, YELLOW, PLAIN = "\033[32m", "\033[31m", "\033[33m", "\033[0m"


def main() -> int:
    """Run, print, and answer 1 when a difference is not listed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="*", help="pattern of scenarios, as creates.*")
    parser.add_argument("--brief", action="store_true", help="print no more than the differences")
    asked = parser.parse_args()
    scenarios = [one for one in comparison.SCENARIOS if fnmatch.fnmatchcase(comparison.title(one), asked.only)]
    with tempfile.TemporaryDirectory(prefix="krate-conformance-") as folder:
        rows = comparison.compared(Path(folder), scenarios)
    patterns = comparison.listed()
    wrong = comparison.unlisted(rows, patterns)
    for row in rows:
        _print(row, listed=row not in wrong, brief=asked.brief)
    differing = sum(not row.same for row in rows)
    print(
        f"\n{len(rows)} behaviours: {len(rows) - differing} alike, {differing - len(wrong)} listed in "
        f"docs/differences.md, {len(wrong)} different"
    )
    left = comparison.idle(rows, patterns) if asked.only == "*" else []
    for pattern in left:
        print(f"{RED}listed, but no difference any more: {pattern}{PLAIN}")
    return 1 if wrong or left else 0


def _print(row: comparison.Row, *, listed: bool, brief: bool) -> None:
    if row.same:
        if not brief and row.real is not None:
            print(f"{GREEN}same{PLAIN}  {row.name:70} {row.real.summary[:100]}")
        return
    mark = f"{YELLOW}meant{PLAIN}" if listed else f"{RED}DIFF{PLAIN} "
    print(f"{mark} {row.name}")
    for side, exchange in (("real", row.real), ("ours", row.ours)):
        print(f"    {side}  {exchange.summary[:200] if exchange else 'not asked'}")
    if not listed:
        for line in comparison.details(row):
            print(f"    {line}")


if __name__ == "__main__":
    sys.exit(main())
