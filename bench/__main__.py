"""`make bench`: run the benches named (all without a name) and print one table."""

import sys

from bench import b2_post_order, b7_workdays
from bench.table import report

BENCHES = {"b2": b2_post_order.rows, "b7": b7_workdays.rows}


def main(names: list[str]) -> None:
    unknown = set(names) - set(BENCHES)
    if unknown:
        sys.exit(f"bench: no bench is called {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    rows = [row for name in names or BENCHES for row in BENCHES[name]()]
    print(report(rows))


if __name__ == "__main__":
    main(sys.argv[1:])
