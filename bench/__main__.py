"""`make bench`: run the benches named (all without a name) and print their tables."""

import signal
import sys

from bench import b2_post_order, b3_firing, b6_dashboard, b7_workdays, pages
from bench.table import report

BENCHES = {"b2": b2_post_order.rows, "b3": b3_firing.rows, "b7": b7_workdays.rows}
# Times against a budget, not ratios against a reference: tables of their own.
MEASURES = {"b6": b6_dashboard.measure, "pages": pages.measure}


def main(names: list[str]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # Stopped from outside, it stops its server and clears up.
    unknown = set(names) - {*BENCHES, *MEASURES}
    if unknown:
        known = ", ".join(sorted({*BENCHES, *MEASURES}))
        sys.exit(f"bench: no bench is called {', '.join(sorted(unknown))}; there are {known}")
    compared = [name for name in names or BENCHES if name in BENCHES]
    if compared:
        print(report([row for name in compared for row in BENCHES[name]()]))
    for name, measure in MEASURES.items():
        if not names or name in names:
            measure()


if __name__ == "__main__":
    main(sys.argv[1:])
