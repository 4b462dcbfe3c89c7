"""Reports on a real database: as of an instant, without what has ended, never without a trace."""

from datetime import date, timedelta

import asyncpg
import pytest

from app.access import orgs
from app.access.orgs import OrgKind
from app.credit import lists, records, reports
from app.credit.records import NewRecord, RecordStatus
from app.credit.reports import Report, ReportItem, Status
from app.credit.subjects import Subject
from app.infra.db import Database, Role, Scope
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.kernel.text import match_key
from tests.credit.firm import cover, register, report
from tests.support import shanghai

EARLY, NOW, LATE = shanghai("2025-09-01 10:00"), shanghai("2025-09-25 10:00"), shanghai("2025-10-20 10:00")


async def assemble(db: Database, subject: Subject, *classes: str, as_of: object = NOW) -> Report:
    """The report as a sealed package would ask for it."""
    async with db.transaction(Role.ACT, Scope(new_id(), new_id(), case_id=new_id())) as tx:
        return await reports.assemble(tx, subject.subject_id, classes, as_of=as_of)  # type: ignore[arg-type]


def line(found: Report, path: str) -> ReportItem:
    """The line of that path."""
    return next(item for item in found.items if item.path == path)


def penalty(subject: Subject, key: str, on: str, **more: object) -> NewRecord:
    """A general penalty of 2,000 yuan."""
    return NewRecord(
        subject.subject_id,
        "penalty.general",
        key,
        {"fined_fen": 2_000_00},
        date.fromisoformat(on),
        "city",
        **more,  # type: ignore[arg-type]
    )


async def test_the_three_kinds_of_nothing(db: Database) -> None:
    """A court that was asked and has nothing, a court nobody asked, and a value are three lines a bank reads."""
    subject = await register(db, 1, EARLY)
    await report(db, EARLY, penalty(subject, "p1", "2025-08-01"))
    await cover(db, subject.subject_id, EARLY, "penalty.general", "judicial.enforced")

    found = await assemble(db, subject, "penalties", "judicial")

    expected = [Status.VALUE, Status.NO_RECORD, Status.NOT_COLLECTED]
    paths = ("penalties.count_12m", "judicial.enforcement_count", "judicial.spending_limited")
    assert expected == [line(found, path).status for path in paths]
    assert "judicial.consumption_limited" in found.gaps
    assert "judicial.enforced" not in found.gaps


async def test_counts_windows_sums_and_days(db: Database) -> None:
    """Three penalties of different age, added by hand."""
    subject = await register(db, 2, EARLY)
    new = [penalty(subject, key, on) for key, on in (("a", "2025-08-01"), ("b", "2025-01-10"), ("c", "2023-03-01"))]
    await report(db, EARLY, *new)

    found = await assemble(db, subject, "penalties")

    names = ("count_6m", "count_12m", "count_36m", "fined_36m_fen", "newest_on")
    assert [1, 2, 3, 6_000_00, 20250801] == [line(found, f"penalties.{name}").value for name in names]
    newest = line(found, "penalties.count_36m")
    assert (date(2025, 8, 1), 55, "city") == (newest.as_of_on, newest.age_days, newest.source)


async def test_what_came_later_does_not_leak_in(db: Database) -> None:
    """A report as of an instant is the same for ever."""
    subject = await register(db, 3, EARLY)
    await report(db, LATE, penalty(subject, "late", "2025-08-01"))
    await cover(db, subject.subject_id, LATE, "penalty.general")

    then, later = await assemble(db, subject, "penalties"), await assemble(db, subject, "penalties", as_of=LATE)

    assert Status.NOT_COLLECTED is line(then, "penalties.count_12m").status
    assert 1 == line(later, "penalties.count_12m").value


@pytest.mark.parametrize("status", [RecordStatus.ENDED, RecordStatus.HIDDEN])
async def test_ended_and_hidden_records_appear_nowhere(db: Database, status: RecordStatus) -> None:
    """Repair ends publication, sharing and use everywhere, also in reports as of before it."""
    subject = await register(db, 4, EARLY)
    await report(db, EARLY, penalty(subject, "p", "2025-08-01"))
    await cover(db, subject.subject_id, EARLY, "penalty.general")
    async with db.transaction(Role.OPS) as tx:
        record = (await records.records_of(tx, subject.subject_id, ["penalty.general"], as_of=NOW))[0]
        await records.set_status(tx, subject.subject_id, record.record_id, status, now=LATE)

    for as_of in (NOW, LATE + timedelta(hours=1)):
        found = await assemble(db, subject, "penalties", as_of=as_of)
        assert Status.NO_RECORD is line(found, "penalties.count_36m").status


async def test_a_class_that_was_not_asked_for_is_absent(db: Database) -> None:
    """Fields in the answer are fields of the asked classes (P18)."""
    subject = await register(db, 5, EARLY)

    found = await assemble(db, subject, "registration")

    assert {"registration"} == {item.data_class for item in found.items}
    assert subject.name == line(found, "registration.name").value


async def test_every_read_leaves_a_trace(db: Database, admin: "asyncpg.Connection[asyncpg.Record]") -> None:
    """0 reads without an entry; one that failed leaves none."""
    subject = await register(db, 6, EARLY)

    await assemble(db, subject, "tax", "judicial")
    with pytest.raises(Refusal) as refused:
        await assemble(db, subject, "religion")

    rows = await admin.fetch("select subject_id, detail from audit_events where act = 'report.read'")
    assert "malformed-field" == refused.value.code
    assert [subject.subject_id] == [row["subject_id"] for row in rows]


async def test_the_age_of_a_firm_is_counted_to_the_day_of_the_report(db: Database) -> None:
    """Whole months, and the day itself as a number."""
    subject = await register(db, 7, EARLY, founded_on=date(2019, 9, 26))

    found = await assemble(db, subject, "registration")

    assert 71 == line(found, "registration.age_months").value
    assert 20190926 == line(found, "registration.founded_on").value


async def test_coverage_adds_up_to_the_lines(db: Database) -> None:
    """The first thing a bank looks at must be true."""
    subject = await register(db, 8, EARLY)

    found = await assemble(db, subject, "registration", "tax", "lists", "invoices")

    assert len(found.items) == sum(one.values + one.no_record + one.not_collected for one in found.coverage)
    assert ("registration", "lists", "tax", "invoices") == tuple(one.data_class for one in found.coverage)


async def test_the_public_grade_is_a_line_of_its_own_class(db: Database) -> None:
    """It is told with its formula, and only to whom the class was opened."""
    subject = await register(db, 9, EARLY)

    grade = line(await assemble(db, subject, "evaluation"), "evaluation.credit_grade")

    assert ("B", "grading:1") == (grade.value, grade.source)


async def test_a_firm_sees_of_itself_what_its_bank_will_see(db: Database) -> None:
    """The preview is assembled in the firm's role, the package in that of acts: the lines must be the same.

    Whether a list was collected at all is no secret of those who stand on it.
    """
    subject = await register(db, 10, EARLY)
    other = await register(db, 11, EARLY)
    async with db.transaction(Role.OPS) as tx:
        org = await orgs.create_org(tx, OrgKind.BUSINESS, subject.name, subject_id=subject.subject_id)
    async with db.transaction(Role.LOADER) as tx:
        row = (
            1,
            other.name,
            match_key(other.name),
            other.uscc,
            None,
            None,
            ["失信被执行人"],
            "",
            "case-1",
            None,
            "court",
        )
        await lists.stage_entries(tx, [row], first=True)
        await lists.land_entries(tx, new_id(), "dishonest_debtors", now=EARLY)

    sealed = await assemble(db, subject, "judicial", "lists", "evaluation")
    async with db.transaction(Role.BUSINESS, Scope(org.org_id, new_id())) as tx:
        shown = await reports.assemble(tx, subject.subject_id, ("judicial", "lists", "evaluation"), as_of=NOW)

    assert Status.NO_RECORD is line(sealed, "judicial.dishonest_listed").status
    assert sealed.items == shown.items
    assert 1 == line(await assemble(db, other, "judicial"), "judicial.dishonest_listed").value


CLASSES = (
    "registration",
    "annual_report",
    "penalties",
    "judicial",
    "lists",
    "tax",
    "invoices",
    "honours",
    "evaluation",
)


@pytest.mark.parametrize("asked", [CLASSES[:n] for n in range(1, len(CLASSES) + 1)] + [CLASSES[n::3] for n in range(3)])
async def test_fields_of_the_answer_are_fields_of_the_asked_classes(db: Database, asked: tuple[str, ...]) -> None:
    """P18: whatever is on record, nothing of another class slips in."""
    subject = await register(db, 12, EARLY)
    await report(db, EARLY, penalty(subject, "p", "2025-08-01"))

    found = await assemble(db, subject, *asked)

    assert set(asked) >= {item.data_class for item in found.items}
    assert set(asked) >= set(found.data_classes)
