"""Kinds of lists as data, and when an entry stands."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from app.credit.lists.rules import Entry, read_list_kind
from tests.support import shanghai

POLICIES = Path(__file__).parents[3] / "migrations" / "policies"
NOW = shanghai("2025-09-25 10:00")
ENTRY = Entry(
    entry_id=UUID(int=1), list_kind="joint", name="山城有限公司", uscc=None, org_code="XY0000019", reg_no=None,
    reasons=("失信被执行人",), cause="", document="", listed_on=None, organ="", subject_id=None, matched_by=None,
    known_at=NOW, ended_at=None,
)  # fmt: skip


def test_every_kind_of_list_that_ships_can_be_read():
    """Each spelling means one thing within its list."""
    rows = json.loads((POLICIES / "list_kind.json").read_text())

    kinds = [read_list_kind(row["key"], row["body"]) for row in rows]
    assert len({kind.key for kind in kinds}) == len(kinds)
    assert {kind.colour for kind in kinds} <= {"red", "black"}


def test_a_spelling_that_means_two_things_is_not_read():
    """It would accuse of the one or the other by accident."""
    reason = {"text": "甲", "item": "list.serious", "path": "lists.x", "spellings": ["甲"]}
    body = {"name": "名单", "colour": "black", "severity": "serious", "reasons": [reason, reason | {"text": "乙"}]}

    with pytest.raises(AssertionError):
        read_list_kind("x", body)


@pytest.mark.parametrize(
    ("ended_after", "asked_after", "expected"),
    [(None, 0, True), (None, -1, False), (5, 4, True), (5, 5, False), (5, 6, False)],
)
def test_an_entry_stands_from_the_instant_it_is_known_until_it_ends(ended_after, asked_after, expected):
    """A report as of an instant says what stood then."""
    ended_at = None if ended_after is None else NOW + timedelta(seconds=ended_after)

    assert replace(ENTRY, ended_at=ended_at).stands(NOW + timedelta(seconds=asked_after)) is expected
