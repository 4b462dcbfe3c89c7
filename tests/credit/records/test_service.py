"""Records and figures on a real database."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.credit import records, subjects
from app.credit.records import NewRecord, RecordStatus
from app.credit.records.rules import Invoice, features_of
from app.infra.db import Database, Role
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from tests.credit.ingestion.dirt import uscc
from tests.support import shanghai

NOW = shanghai("2025-09-25 10:00")
DAYS = st.dates(date(2018, 2, 20), date(2020, 3, 10))
ROWS = st.lists(
    st.builds(
        Invoice, st.sampled_from(["input", "output"]), DAYS, st.sampled_from(["P1", "P2", "P3"]),
        st.integers(-50_000, 100_000), st.sampled_from(["valid", "valid", "void"]),
    ),
    min_size=1, max_size=40,
)  # fmt: skip


async def firm(db: Database, number: int = 1) -> UUID:
    async with db.transaction(Role.LOADER) as tx:
        return (await subjects.register(tx, "山城测试有限公司", now=NOW, uscc=uscc(number))).subject_id


def penalty(subject_id: UUID, key: str = "渝测罚〔2024〕1号", item: str = "penalty.general") -> NewRecord:
    return NewRecord(subject_id, item, key, {"kind": "罚款", "fen": 200_000}, date(2024, 5, 6), "测试机关")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
async def test_the_database_and_the_rule_keep_the_same_figures(db: Database, rows: list[Invoice]):
    """The set-based figures are what the rule says, on any invoices."""
    number = int(new_id().int % 900_000)
    async with db.transaction(Role.LOADER) as tx:
        subject = await subjects.find_by_uscc(tx, uscc(number))
        subject_id = (
            subject.subject_id
            if subject
            else (await subjects.register(tx, "山城", now=NOW, uscc=uscc(number))).subject_id
        )
        for direction in ("input", "output"):
            part = [
                (n, uscc(number), f"{n:08d}", one.issued_on, one.party, one.amount_fen, 0, one.amount_fen, one.status)
                for n, one in enumerate(rows)
                if one.direction == direction
            ]
            await records.stage_invoices(tx, part, first=True)
            await records.land_invoices(tx, new_id(), direction=direction, bank_id=None, now=NOW)
            await tx.execute("drop table staged_invoices, staged_firms")
        found = await records.features_at(tx, subject_id, as_of=NOW)

    expected = features_of(rows)
    assert found == (None if expected is None else replace(expected, known_at=NOW))


async def test_a_providers_key_is_taken_once(db: Database):
    """A decision collected twice is one decision, and its first report stays the first."""
    subject_id = await firm(db)
    async with db.transaction(Role.LOADER) as tx:
        first = await records.add_records(tx, [penalty(subject_id)], now=NOW)
        again = await records.add_records(tx, [penalty(subject_id)], now=NOW + timedelta(days=30))
        [one] = await records.records_of(tx, subject_id, ["penalty.general"], as_of=NOW + timedelta(days=40))

    assert (first, again, one.first_reported_at, one.in_use) == (1, 0, NOW, True)


async def test_an_ended_record_that_is_collected_again_stays_ended(db: Database):
    """Repair ends publication and use everywhere; a provider's full file must not undo it."""
    subject_id = await firm(db)
    later = NOW + timedelta(days=1)
    async with db.transaction(Role.LOADER) as tx:
        await records.add_records(tx, [penalty(subject_id)], now=NOW)
        [one] = await records.records_of(tx, subject_id, ["penalty.general"], as_of=NOW)
        await records.set_status(tx, subject_id, one.record_id, RecordStatus.ENDED, now=later)
        await records.add_records(tx, [penalty(subject_id)], now=later)
        [one] = await records.records_of(tx, subject_id, ["penalty.general"], as_of=later)

    assert (one.status, one.in_use, one.ended_at) == (RecordStatus.ENDED, False, later)


@pytest.mark.parametrize("to", list(RecordStatus))
async def test_nothing_leaves_ended(db: Database, to: RecordStatus):
    """A repaired record cannot be shown again by a slip; a new fact is a new record."""
    subject_id = await firm(db)
    async with db.transaction(Role.LOADER) as tx:
        await records.add_records(tx, [penalty(subject_id)], now=NOW)
        [one] = await records.records_of(tx, subject_id, ["penalty.general"], as_of=NOW)
        await records.set_status(tx, subject_id, one.record_id, RecordStatus.ENDED, now=NOW)
        with pytest.raises(Refusal) as refused:
            await records.set_status(tx, subject_id, one.record_id, to, now=NOW)

    assert refused.value.code == "wrong-state"


async def test_a_hidden_record_comes_back(db: Database):
    """Hiding is for a while: a court's order may lapse."""
    subject_id = await firm(db)
    in_use = []
    async with db.transaction(Role.LOADER) as tx:
        await records.add_records(tx, [penalty(subject_id)], now=NOW)
        [one] = await records.records_of(tx, subject_id, ["penalty.general"], as_of=NOW)
        for to in (RecordStatus.HIDDEN, RecordStatus.SHARED):
            await records.set_status(tx, subject_id, one.record_id, to, now=NOW)
            in_use += [r.in_use for r in await records.records_of(tx, subject_id, ["penalty.general"], as_of=NOW)]

    assert in_use == [False, True]


async def test_what_no_edition_lists_may_not_be_held(db: Database):
    """What is not in the catalogue is no credit information."""
    subject_id = await firm(db)
    with pytest.raises(Refusal) as refused:
        async with db.transaction(Role.LOADER) as tx:
            await records.add_records(tx, [penalty(subject_id, item="gossip")], now=NOW)

    assert refused.value.code == "malformed-field"


async def test_silence_is_nothing_only_where_a_provider_has_reported(db: Database):
    """Unknown is not clean: an item nobody reported on is not in the coverage."""
    subject_id = await firm(db)
    async with db.transaction(Role.LOADER) as tx:
        await records.mark_covered(
            tx, [subject_id], "tax.arrears", as_of_on=date(2025, 8, 31), source="税务部门", now=NOW
        )
        before = await records.coverage_of(tx, subject_id, as_of=NOW - timedelta(seconds=1))
        after = await records.coverage_of(tx, subject_id, as_of=NOW)

    assert (before, list(after), after["tax.arrears"].as_of_on) == ({}, ["tax.arrears"], date(2025, 8, 31))
