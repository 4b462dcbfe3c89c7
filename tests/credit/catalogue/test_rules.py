"""The edition that ships: whole, without a path that means two things, and known to the rooms above."""

import json
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.credit.catalogue import DataClass, Edition, read_edition
from app.credit.lists.rules import read_list_kind
from app.credit.subjects import SubjectKind

POLICIES = Path(__file__).parents[3] / "migrations" / "policies"


def _body() -> dict[str, Any]:
    [row] = json.loads((POLICIES / "catalogue.json").read_text())
    body: dict[str, Any] = row["body"]
    return body


def edition(body: dict[str, Any] | None = None) -> Edition:
    return read_edition(1, date(2022, 3, 1), None, body or _body())


def test_the_edition_has_eleven_categories_and_every_class_has_an_item():
    """A class without an item could be consented to and would never hold anything."""
    found = edition()

    assert len(found.categories) == 11
    assert {item.category for item in found.items.values()} == set(found.categories)
    assert {item.data_class for item in found.items.values()} == set(DataClass) == set(found.classes)


def test_every_item_is_about_kinds_of_subject_that_there_are():
    """A slip of the pen would make an item that nobody can have."""
    assert {kind for item in edition().items.values() for kind in item.subject_kinds} <= set(SubjectKind)


def test_the_items_of_a_class_are_found():
    """Packages are composed class by class."""
    assert {item.code for item in edition().of_class(DataClass.INVOICES)} == {"invoices.summary"}


def test_a_path_says_its_item_and_its_unit():
    """Rules above name a path; item, class and unit follow from it."""
    found = edition().figure("invoices.turnover_12m_fen")

    assert found is not None
    assert (found[0].code, found[0].data_class, found[1].unit) == ("invoices.summary", DataClass.INVOICES, "fen")
    assert edition().figure("invoices.nothing") is None


def test_the_unit_of_a_path_is_told_by_its_ending():
    """Units last: a sum ends in _fen, a share in _ppm, a day in _on."""
    endings = {"fen": "_fen", "ppm": "_ppm", "months": "_months"}
    wrong = [
        figure.path
        for item in edition().items.values()
        for figure in item.figures
        if figure.unit in endings and not figure.path.endswith(endings[figure.unit])
    ]

    assert wrong == []


def test_the_reasons_of_every_list_lead_into_the_catalogue():
    """An entry must show in a report under a path that the edition knows."""
    known = edition()
    for row in json.loads((POLICIES / "list_kind.json").read_text()):
        for reason in read_list_kind(row["key"], row["body"]).reasons:
            found = known.figure(reason.path)
            assert found is not None, reason
            assert found[0].code == reason.item_code


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body["items"].append(body["items"][0]),
        lambda body: body["items"][0].update(category=12),
        lambda body: body["items"][0].update(**{"class": "gossip"}),
        lambda body: body["items"][0]["figures"].append(["registration.name", "名称", "text"]),
        lambda body: body["items"][0]["figures"].append(["registration.x", "名称", "kilo"]),
        lambda body: body["items"][0]["figures"].append(["registration.名", "名称", "text"]),
    ],
)
def test_a_broken_edition_is_not_read(spoil):
    """Loaded as a policy it would be in force at once, for every report."""
    body = deepcopy(_body())
    spoil(body)

    with pytest.raises((AssertionError, ValueError)):
        edition(body)
