"""Print the tables of docs/cloud.md; with --write, renew them there, and the chart of the tick."""

import argparse
import re
import sys
from pathlib import Path

from bench.capacity.chart import chart
from bench.capacity.tables import TABLES

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "cloud.md"
CHART = DOCS / "diagrams" / "tick.svg"
MARKED = re.compile(r"(<!-- capacity: ([a-z]+) -->\n).*?(<!-- /capacity -->)", re.DOTALL)


def renewed(page: str) -> str:
    """Return a page with each table between its markers as the model says it."""
    return MARKED.sub(lambda found: f"{found[1]}\n{TABLES[found[2]]()}\n\n{found[3]}", page)


def main() -> int:
    """Print, or write."""
    made = argparse.ArgumentParser(prog="python -m bench.capacity", description=__doc__)
    made.add_argument("--write", action="store_true", help="renew docs/cloud.md and the chart")
    if made.parse_args().write:
        PAGE.write_text(renewed(PAGE.read_text()))
        CHART.write_text(chart())
    else:
        for name, text in TABLES.items():
            sys.stdout.write(f"{name}\n\n{text()}\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
