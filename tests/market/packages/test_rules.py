"""What a package is, byte for byte."""

import json
import os
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from app.market.packages import rules
from app.market.packages.rules import Entry, ScopeFault, Status
from tests.market.packages.samples import AS_OF, BANK, CASE, ENTRIES, INPUTS, KNOWN, LETTER, SUBJECT, entry, many, shown

GOLDEN = Path(__file__).parents[2] / "golden" / "package"


def composed(entries: tuple[Entry, ...] = ENTRIES, **named: Any) -> dict[str, Any]:
    return rules.compose(CASE, LETTER, KNOWN, entries, **{"as_of": AS_OF, "edition": 3, **named})


def test_the_bytes_are_those_of_the_golden_file() -> None:
    """A change of the form is a change of what banks parse: it must be seen in review (`GOLDEN=1` rewrites)."""
    changed = entry("tax.arrears_fen", 900, date(2025, 8, 1), title="欠税余额", unit="fen")
    raw = rules.canonical(composed(shown=shown(changed), inputs=INPUTS))
    path = GOLDEN / "package.json"
    if os.environ.get("GOLDEN"):
        path.write_bytes(raw)

    assert raw == path.read_bytes()


def test_the_same_inputs_in_any_order_give_the_same_bytes() -> None:
    """A package is hashed: the order in which rows come from a table must not matter."""
    mixed = list(ENTRIES)
    random.Random(1).shuffle(mixed)
    letter = replace(LETTER, data_classes=tuple(reversed(LETTER.data_classes)))

    one = rules.canonical(composed(inputs=INPUTS))
    other = rules.canonical(
        rules.compose(CASE, letter, KNOWN, tuple(mixed), as_of=AS_OF, edition=3, inputs=tuple(reversed(INPUTS)))
    )

    assert one == other


PLAIN = st.recursive(
    st.integers(-rules.EXACT_MAX, rules.EXACT_MAX) | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(max_codepoint=126)), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(st.characters(max_codepoint=126)), PLAIN))
def test_canonical_bytes_are_those_of_rfc_8785(body: dict[str, Any]) -> None:
    """The oracle is another implementation; a bank will use whatever its language has."""
    assert rules.canonical(body) == rfc8785.dumps(body)


def test_a_package_is_canonical_for_the_oracle_too() -> None:
    """And it reads back as what it was."""
    body = composed(many(200), inputs=INPUTS)

    assert rules.canonical(body) == rfc8785.dumps(body)
    assert json.loads(rules.canonical(body)) == body


@pytest.mark.parametrize(
    "bad",
    [1.5, True, None, 2**53, -(2**53), float("nan"), b"x", "\ud800", {"键": 1}, {1: 1}, [1.0], (1, 2), {"a": [None]}],
)  # fmt: skip
def test_what_json_readers_differ_about_is_no_part_of_a_package(bad: object) -> None:
    """Floats, big integers, nulls and lone surrogates read differently in different languages."""
    assert not rules.is_plain({"value": bad})


def leaves(value: object) -> list[object]:
    if isinstance(value, Mapping):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [value]


def test_a_package_holds_strings_and_integers_only() -> None:
    """Counted over every leaf of a real one."""
    kinds = {type(leaf) for leaf in leaves(composed(inputs=INPUTS, shown=shown()))}

    assert kinds == {str, int}


def test_nothing_nothing_and_nobody_knows_are_three_things() -> None:
    """无记录 is not 未采集, and neither is zero."""
    rows = {row["path"]: row for row in composed()["items"]}

    assert rows["tax.arrears_fen"]["value"] == 0
    assert (rows["judicial.dishonest_listed"]["status"], "value" in rows["judicial.dishonest_listed"]) == (
        "no_record",
        False,
    )
    assert (rows["judicial.executed_12m"]["status"], "value" in rows["judicial.executed_12m"]) == (
        "not_collected",
        False,
    )


def test_coverage_age_and_gaps_stand_inside() -> None:
    """A bank must see how much of a class is there, how old it is, and what nobody collects."""
    body = composed()
    ages = {row["path"]: row.get("age_days") for row in body["items"]}

    assert body["coverage"]["tax"] == {
        "items": 3, "values": 3, "no_record": 0, "not_collected": 0,
        "oldest_on": "2025-04-30", "newest_on": "2025-09-01",
    }  # fmt: skip
    assert body["coverage"]["judicial"] == {"items": 2, "values": 0, "no_record": 1, "not_collected": 1}
    assert (ages["tax.turnover_12m_fen"], ages["tax.arrears_fen"], ages["judicial.executed_12m"]) == (25, 24, None)
    assert body["gaps"] == {
        "not_collected": ["judicial.executed_12m"],
        "empty_classes": ["judicial"],
        "gone_since_consent": [],
    }


def test_the_age_counts_days_in_shanghai() -> None:
    """At 01:00 in Shanghai it is still yesterday in UTC."""
    early = AS_OF - timedelta(hours=9)

    body = rules.compose_items(ENTRIES, ("tax",), early)

    assert {row["path"]: row.get("age_days") for row in body["items"]}["tax.arrears_fen"] == 24


def test_a_consented_class_without_any_item_is_named_as_a_gap() -> None:
    """Otherwise a bank could not tell it from a class that was not consented."""
    letter = replace(LETTER, data_classes=(*LETTER.data_classes, "utilities"))

    body = rules.compose(CASE, letter, KNOWN, ENTRIES, as_of=AS_OF, edition=3)

    assert body["coverage"]["utilities"] == {"items": 0, "values": 0, "no_record": 0, "not_collected": 0}
    assert "utilities" in body["gaps"]["empty_classes"]


def test_a_value_that_changed_since_the_preview_is_sealed_with_that_mark() -> None:
    """The firm signed for what it saw; the bank gets what is true now, and both are told that it differs."""
    before = (
        entry("tax.arrears_fen", 900, date(2025, 8, 1)),
        entry("tax.credit", "A", date(2024, 4, 30)),
        entry("tax.turnover_12m_fen", 1_234_567_890, date(2025, 7, 31)),
        entry("judicial.dishonest_listed", status=Status.NOT_COLLECTED),
        entry("tax.gone", "x", date(2025, 1, 1)),
    )
    seen = shown(*before)
    del seen.items["registration.scope"]  # type: ignore[attr-defined]

    body = composed(shown=seen)

    marked = [row["path"] for row in body["items"] if "mark" in row]
    assert marked == ["judicial.dishonest_listed", "registration.scope", "tax.arrears_fen", "tax.credit"]
    assert body["gaps"]["gone_since_consent"] == ["tax.gone"]
    assert rules.find_changes(seen, body["items"]) == (
        "judicial.dishonest_listed", "registration.scope", "tax.arrears_fen", "tax.credit", "tax.gone",
    )  # fmt: skip


def test_an_unchanged_report_has_no_mark() -> None:
    """The mark must mean something."""
    body = composed(shown=shown())

    assert [row for row in body["items"] if "mark" in row] == []
    assert body["preview"]["status"] == "kept"


def test_a_package_without_a_preview_says_so() -> None:
    """Silence would look like 'nothing changed'."""
    assert composed()["preview"] == {"status": "not_kept"}


def test_a_kept_preview_reads_back_as_what_was_shown() -> None:
    """The comparison at sealing is against the bytes that were kept."""
    kept = rules.canonical(rules.compose_items(ENTRIES, LETTER.data_classes, AS_OF))

    seen = rules.read_shown(UUID(int=10), AS_OF, kept)

    assert rules.find_changes(seen, composed()["items"]) == ()
    assert seen.sha256 == rules.digest(kept)


def test_bank_inputs_stand_beside_as_the_banks_statement_and_only_early_ones() -> None:
    """What a bank writes after it accepted is no evidence, not even in the same instant."""
    body = composed(inputs=INPUTS)

    assert [row["path"] for row in body["bank_statement"]] == ["bank_input.existing_loans_fen", "bank_input.rating"]
    assert not any(row["path"].startswith("bank_input.") for row in body["items"])


def test_evidence_is_found_by_path_in_both_parts() -> None:
    """Refusals point at paths; what a bank stated is marked as its own word."""
    body = composed(inputs=INPUTS, shown=shown(entry("tax.credit", "A", date(2025, 4, 30))))

    record, stated = rules.find_item(body, "tax.credit"), rules.find_item(body, "bank_input.rating")

    assert record is not None
    assert (record.value, record.changed_since_consent, record.stated_by_bank) == ("B", True, False)
    assert stated is not None
    assert (stated.value, stated.data_class, stated.stated_by_bank) == ("A", None, True)
    assert rules.find_item(body, "tax.nothing") is None


OTHER = UUID(int=99)
SCOPES = [
    ({}, {}, SUBJECT, None),
    ({}, {"order_id": OTHER}, SUBJECT, ScopeFault.OTHER_ORDER),
    ({"business_id": OTHER}, {}, SUBJECT, ScopeFault.OTHER_ORDER),
    ({}, {"bank_id": OTHER}, SUBJECT, ScopeFault.OTHER_BANK),
    ({"bank_id": OTHER}, {}, SUBJECT, ScopeFault.OTHER_BANK),
    ({}, {"branch_id": OTHER}, SUBJECT, ScopeFault.OTHER_BRANCH),
    ({}, {"subject_id": OTHER}, SUBJECT, ScopeFault.OTHER_SUBJECT),
    ({}, {}, OTHER, ScopeFault.OTHER_SUBJECT),
    ({}, {"data_classes": ("tax", "judicial")}, SUBJECT, ScopeFault.DATA_CLASS),
    ({}, {"data_classes": ("tax",), "subject_id": OTHER}, SUBJECT, ScopeFault.OTHER_SUBJECT),
    ({"order_id": OTHER}, {"data_classes": ()}, OTHER, ScopeFault.OTHER_ORDER),
]


@pytest.mark.parametrize(("case", "letter", "subject_id", "fault"), SCOPES)
def test_a_new_class_or_another_person_needs_a_new_consent(
    case: dict[str, Any], letter: dict[str, Any], subject_id: UUID, fault: ScopeFault | None
) -> None:
    """The letter says order, bank, branch, subject and classes; a package goes beyond none of them."""
    found = rules.judge_scope(replace(CASE, **case), replace(LETTER, **letter), subject_id, ENTRIES)

    assert found is fault


def test_the_claims_bind_the_package_to_order_consent_and_recipient() -> None:
    """P19: what is signed names them outside and inside."""
    body = composed()

    claims, raw = rules.claims(body, issuer="https://a.example", package_id=UUID(int=11), issued_at=AS_OF)

    assert raw == rfc8785.dumps(claims)
    assert claims["aud"] == str(BANK)
    assert claims["sha256"] == rules.digest(rfc8785.dumps(body))
    assert {name: claims[name] for name in ("order_id", "suborder_id", "consent_id", "as_of")} == {
        "order_id": body["order"]["order_id"],
        "suborder_id": body["order"]["suborder_id"],
        "consent_id": body["consent"]["consent_id"],
        "as_of": "2025-09-25T02:00:00Z",
    }
