"""One table for all benches: Markdown for people, JSON for machines, the machine named."""

import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison: `ours` and `reference` in the same unit, `ratio` the median over alternating pairs."""

    bench: str
    work: str
    unit: str
    ours: float
    reference: float
    ratio: float
    budget: str
    pairs: int


def compare(bench: str, work: str, unit: str, budget: str, pairs: Sequence[tuple[float, float]]) -> Row:
    """Fold alternating (ours, reference) measurements into a row of medians."""
    return Row(
        bench, work, unit, statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs),
        statistics.median(a / b for a, b in pairs), budget, len(pairs),
    )  # fmt: skip


def machine() -> str:
    """What the figures were measured on."""
    model = next(
        (line.split(":", 1)[1].strip() for line in _cpuinfo() if line.startswith("model name")), platform.processor()
    )
    return f"{os.cpu_count()} × {model or platform.machine()}, {platform.system()}, Python {platform.python_version()}"


def report(rows: Sequence[Row]) -> str:
    """Write `results/bench.{md,json}` and return the Markdown."""
    lines = [
        f"Measured on {machine()}. Medians of alternating pairs; read ratios, not single figures.",
        "",
        "| bench | work | ours | reference | ratio | budget | pairs |",
        "|---|---|---:|---:|---:|---|---:|",
        *(
            f"| {r.bench} | {r.work} | {r.ours:,.0f} {r.unit} | {r.reference:,.0f} {r.unit} | {r.ratio:.2f} |"
            f" {r.budget} | {r.pairs} |"
            for r in rows
        ),
    ]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "bench.md").write_text("\n".join(lines) + "\n")
    (RESULTS / "bench.json").write_text(json.dumps({"machine": machine(), "rows": [asdict(r) for r in rows]}, indent=2))
    return "\n".join(lines)


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []
