"""Divisions with their days, and the kind that a code says."""

import json
from datetime import date
from pathlib import Path

import pytest

from app.credit.subjects.rules import (
    Gazetteer,
    Place,
    PlaceReason,
    SubjectKind,
    gazetteer,
    kind_of,
    place,
    read_district,
)
from app.kernel.codes import Uscc, check_uscc
from tests.credit.ingestion.dirt import uscc
from tests.support import real_data

POLICIES = Path(__file__).parents[3] / "migrations" / "policies"


@pytest.fixture(scope="module")
def known() -> Gazetteer:
    rows = json.loads((POLICIES / "district.json").read_text())
    return gazetteer(
        read_district(
            row["key"], date.fromisoformat(row["valid_from"]),
            date.fromisoformat(row["valid_to"]) if row["valid_to"] else None, row["body"],
        )
        for row in rows
    )  # fmt: skip


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2011, 10, 21), 40),
        (date(2011, 10, 22), 38),
        (date(2025, 11, 5), 38),
        (date(2025, 11, 6), 37),
    ],
)
def test_the_city_has_as_many_divisions_as_the_day_says(known: Gazetteer, on: date, expected: int):
    """38 until 2025-11-05, 37 since; hard-coded lists are wrong on one side."""
    assert len(known.in_force(on)) == expected


def test_the_divisions_of_2017_to_2025_are_those_of_the_national_table(known: Gazetteer):
    """An outside list of codes and names, held against our own dated data."""
    lines = real_data("codes/districts_2017_2025.csv").read_text("utf-8-sig").split()
    expected = {tuple(line.split(",")) for line in lines[1:]}

    for on in (date(2017, 1, 1), date(2025, 11, 5)):
        assert {(d.code, d.name) for d in known.in_force(on)} == expected


@pytest.mark.parametrize(
    ("code", "on", "expected"),
    [
        ("500110", date(2010, 1, 1), "万盛区"),
        ("500110", date(2012, 1, 1), "綦江区"),
        ("500111", date(2010, 1, 1), "双桥区"),
        ("500111", date(2012, 1, 1), "大足区"),
        ("500112", date(2025, 11, 5), "渝北区"),
        ("500112", date(2025, 11, 6), None),
        ("500157", date(2025, 11, 6), "两江新区"),
        ("500234", date(2016, 1, 1), "开县"),
        ("999999", date(2020, 1, 1), None),
    ],
)
def test_a_code_means_what_it_meant_on_the_day(known: Gazetteer, code: str, on: date, expected: str | None):
    """Codes are given again: 500110 was 万盛 and is 綦江."""
    assert known.name(code, on) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("500105", ("500157",)),
        ("500112", ("500157", "500109")),
        ("500222", ("500110",)),
        ("500384", ("500119",)),
        ("500103", ("500103",)),
        ("999999", ()),
    ],
)
def test_an_abolished_division_has_heirs(known: Gazetteer, code: str, expected: tuple[str, ...]):
    """Where there are several heirs, an address must decide, and a person with it."""
    assert known.heirs(code, date(2026, 1, 1)) == expected


@pytest.mark.parametrize(
    ("text", "as_of_on", "not_before", "expected"),
    [
        ("渝北", None, date(2019, 1, 2), Place("500112", None)),
        ("石柱", None, None, Place("500240", None)),
        ("石柱县", None, None, Place("500240", None)),
        ("梁平", None, date(1981, 1, 1), Place("500155", None)),
        ("梁平县", None, date(1981, 1, 1), Place("500228", None)),
        ("梁平", date(2010, 1, 1), None, Place("500228", None)),
        ("万盛", None, date(1986, 7, 1), Place(None, PlaceReason.NOT_A_DIVISION)),
        ("万盛", date(2005, 1, 1), None, Place("500110", None)),
        ("双桥", None, None, Place(None, PlaceReason.NOT_A_DIVISION)),
        ("北部新区", None, date(2019, 1, 2), Place(None, PlaceReason.NOT_A_DIVISION)),
        ("两江新区", None, date(2019, 1, 2), Place(None, PlaceReason.NOT_A_DIVISION)),
        ("两江新区", None, date(2025, 11, 6), Place("500157", None)),
        ("两江新区", date(2025, 11, 5), None, Place(None, PlaceReason.NOT_A_DIVISION)),
        ("江北", date(2026, 1, 1), None, Place("500105", PlaceReason.ABOLISHED)),
        ("大足区", date(2005, 1, 1), None, Place(None, PlaceReason.UNKNOWN)),
        ("重庆市江津区", None, None, Place("500116", None)),
        ("忠县", None, None, Place("500233", None)),
        (" 渝 中 ", None, None, Place("500103", None)),
        ("N/A", None, None, Place(None, PlaceReason.NOT_STATED)),
        ("", None, None, Place(None, PlaceReason.NOT_STATED)),
        ("重庆市", None, None, Place(None, PlaceReason.NOT_STATED)),
        ("浦东", None, None, Place(None, PlaceReason.UNKNOWN)),
        ("中", None, None, Place(None, PlaceReason.UNKNOWN)),
        ("渝中区解放碑街道", None, None, Place("500103", None)),
        ("重庆市九龙坡区高新区", None, None, Place("500107", None)),
        ("500103", None, None, Place("500103", None)),
        ("500222", date(2012, 1, 1), None, Place("500222", PlaceReason.ABOLISHED)),
        ("510104", None, None, Place(None, PlaceReason.UNKNOWN)),
        ("经济技术开发区", None, None, Place(None, PlaceReason.NOT_A_DIVISION)),
        ("县", None, None, Place(None, PlaceReason.NOT_STATED)),
        ("成都高新区", None, None, Place(None, PlaceReason.UNKNOWN)),
    ],
)  # fmt: skip
def test_a_place_is_read_as_of_its_day(known, text, as_of_on, not_before, expected):
    """A register writes a short name; what it means depends on the day, and not every place is a division."""
    assert place(known, text, as_of_on=as_of_on, not_before=not_before) == expected


@pytest.mark.parametrize(
    ("begins", "expected"),
    [
        ("91", SubjectKind.ENT), ("92", SubjectKind.SOLE), ("93", SubjectKind.COOP), ("11", SubjectKind.GOV),
        ("12", SubjectKind.INST), ("51", SubjectKind.SOC), ("52", SubjectKind.SOC), ("53", SubjectKind.SOC),
        ("N1", SubjectKind.COLLECTIVE), ("N2", SubjectKind.COLLECTIVE), ("N3", SubjectKind.COLLECTIVE),
        ("31", SubjectKind.SOC), ("81", SubjectKind.SOC), ("Y1", None), ("99", None),
    ],
)  # fmt: skip
def test_the_kind_of_a_subject_follows_from_its_code(begins: str, expected: SubjectKind | None):
    """The register's own column of types is N/A in most rows."""
    found = check_uscc(uscc(1, begins))

    assert isinstance(found, Uscc)
    assert kind_of(found) == expected
