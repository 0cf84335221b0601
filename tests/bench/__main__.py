"""`make bench [ROWS=F1,F3]`."""

import argparse

from tests.bench.harness import save
from tests.bench.rows import ROWS

parser = argparse.ArgumentParser(prog="make bench")
parser.add_argument("--rows", default=",".join(ROWS))
wanted = [row.strip() for row in parser.parse_args().rows.split(",") if row.strip()]
unknown = [row for row in wanted if row not in ROWS]
if unknown:
    parser.error(f"unknown rows: {', '.join(unknown)}; there are {', '.join(ROWS)}")
found = []
for name in wanted:
    found.append(ROWS[name]())
    print(found[-1].line(), flush=True)
save(found)
