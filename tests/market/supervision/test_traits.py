"""Industries by GB/T 4754-2017 and sizes by the statistics of 2017, by table."""

import json
from typing import Any

import pytest

from app.credit import records
from app.credit.records import NewRecord
from app.infra.db import Database, Role
from app.market.supervision.rules.traits import BadLimits, Limits, parse_limits, section_of, size_of
from tests.market.orders.conftest import City, city, keys  # noqa: F401 - fixtures
from tests.support import REPOSITORY, shanghai

WAN = 1_000_000
DOCUMENT = json.loads((REPOSITORY / "migrations" / "policies" / "supervision.json").read_text())
BODY: dict[str, Any] = next(row["body"] for row in DOCUMENT if row["key"] == "sizes")


def limits() -> tuple[Limits, ...]:
    found = parse_limits(BODY)
    assert not isinstance(found, BadLimits), found
    return found


SIZES = [
    # code, staff, revenue in 万元, size: the limits themselves, and one below.
    ("3429", 1000, 40_000, "large"), ("3429", 999, 40_000, "medium"), ("3429", 1000, 39_999, "medium"),
    ("3429", 300, 2_000, "medium"), ("3429", 299, 2_000, "small"), ("3429", 20, 300, "small"),
    ("3429", 19, 300, "micro"), ("3429", 20, 299, "micro"), ("3429", 5000, 10, "micro"),
    ("0141", None, 20_000, "large"), ("0141", None, 500, "medium"), ("0141", None, 50, "small"),
    ("0141", None, 49, "micro"), ("5155", 200, 40_000, "large"), ("5155", 20, 5_000, "medium"),
    ("5155", 5, 1_000, "small"), ("5155", 4, 1_000, "micro"), ("5211", 50, 500, "medium"),
    ("5211", 10, 100, "small"), ("5431", 300, 3_000, "medium"), ("5942", 100, 1_000, "medium"),
    ("6020", 20, 100, "small"), ("6210", 100, 2_000, "medium"), ("6210", 10, 100, "small"),
    ("6319", 100, 1_000, "medium"), ("6513", 300, 10_000, "large"), ("6513", 10, 50, "small"),
    ("7299", 100, None, "medium"), ("8010", 300, None, "large"), ("8010", 9, None, "micro"),
    ("3429", None, 2_000, ""), ("3429", 300, None, ""), ("6620", 300, 2_000, ""), ("", 300, 2_000, ""),
]  # fmt: skip


@pytest.mark.parametrize(("code", "staff", "revenue", "size"), SIZES)
def test_a_firm_is_as_large_as_the_statistics_say(code: str, staff: int | None, revenue: int | None, size: str) -> None:
    """Every limit from both sides; what was not collected is not guessed, and banks have no size here."""
    assert size == size_of(code, staff, None if revenue is None else revenue * WAN, limits())


def test_every_division_has_its_section() -> None:
    """From 01 to 97 without a gap, and nothing beyond."""
    sections = [section_of(f"{division:02d}") for division in range(1, 98)]

    assert "ABCDEFGHIJKLMNOPQRST" == "".join(sorted(set(sections)))
    assert sections == sorted(sections)
    assert ["", "", ""] == [section_of("00"), section_of("98"), section_of("A")]


@pytest.mark.parametrize(
    "body",
    [
        {}, {"rows": [{"divisions": [[1, 5]]}]}, {"rows": [{"divisions": [[1, 5]], "staff": [1, 2, 3]}]},
        {"rows": [{"divisions": [[1, 5]], "staff": [3, 2]}]},
        {"rows": [{"divisions": [[1, 5]], "staff": [3, 2, 1]}, {"divisions": [[5, 6]], "staff": [3, 2, 1]}]},
    ],
)  # fmt: skip
def test_limits_that_are_not_understood_are_told(body: dict[str, Any]) -> None:
    """A division in two rows would make a size a matter of order."""
    assert isinstance(parse_limits(body), BadLimits)


async def test_an_order_notes_what_was_known_of_its_firm_when_it_was_posted(city: City, db: Database):  # noqa: F811
    """Before anything is collected, both are open; afterwards they are known; a later word changes no order."""
    silent = await city.post(0)
    await report(db, city, "3429", 60, 900 * WAN, "2025-09-24 11:00")
    told = await city.post(0, at=shanghai("2025-09-24 12:00"))
    await report(db, city, "6513", 400, 90_000 * WAN, "2025-09-24 13:00")

    async with db.reading(Role.REPORTER) as tx:
        rows = await tx.fetch("select order_id, industry, size from supervision_traits")

    assert {silent: ("", ""), told: ("C", "small")} == {row["order_id"]: (row["industry"], row["size"]) for row in rows}


async def report(db: Database, city: City, code: str, staff: int, revenue_fen: int, at: str) -> None:  # noqa: F811
    """What the register and the annual report say of the firm, from an instant on."""
    said = {
        "registry.basic": {"registration.industry_code": code},
        "annual_report.filed": {"annual_report.staff_count": staff, "annual_report.revenue_fen": revenue_fen},
    }
    await city.set_clock(shanghai(at))
    async with db.transaction(Role.LOADER) as tx:
        rows = [
            NewRecord(city.subject.subject_id, item, f"{item}:{code}", values, shanghai(at).date(), "部门")
            for item, values in said.items()
        ]
        await records.add_records(tx, rows, now=tx.now)
