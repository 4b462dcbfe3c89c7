"""Grading from what is on record."""

from app.credit import grading, records
from app.credit.grading import Grade, GradeLetter
from app.credit.records import NewRecord, RecordStatus
from app.credit.subjects import Subject
from app.infra.db import Database, Role
from tests.credit.firm import cover, register, report
from tests.support import shanghai

EARLY, NOW, LATE = shanghai("2025-09-01 10:00"), shanghai("2025-09-25 10:00"), shanghai("2025-10-20 10:00")
EVERY_GROUP = (
    "penalty.general", "list.abnormal", "judicial.enforced", "contract.broken", "tax.credit_level",
    "annual_report.filed", "honour.awarded",
)  # fmt: skip


async def grade(db: Database, subject: Subject, as_of: object = NOW) -> Grade:
    """The grade as the worker sees it."""
    async with db.reading(Role.WORKER) as tx:
        return await grading.grade(tx, subject.subject_id, as_of=as_of)  # type: ignore[arg-type]


def tax_credit(subject: Subject, level: str) -> NewRecord:
    """The tax office's own rating of a year: an item of evidence, not our grade."""
    return NewRecord(
        subject.subject_id, "tax.credit_level", "2024", {"tax.tax_credit": level}, EARLY.date(), "tax office"
    )


async def test_a_firm_nobody_reported_on_is_a_thin_b(db: Database) -> None:
    """Registered and unknown: not clean, not bad."""
    subject = await register(db, 1, EARLY)

    found = await grade(db, subject)

    assert (GradeLetter.B, True) == (found.grade, found.thin_file)


async def test_a_clean_old_firm_with_the_best_tax_rating_is_an_a(db: Database) -> None:
    """350 + 200 + 130 + 150 + 95 + 0 points: every group collected, nothing found."""
    subject = await register(db, 2, EARLY, founded_on=shanghai("2015-01-01 00:00").date())
    await cover(db, subject.subject_id, EARLY, *EVERY_GROUP)
    await report(db, EARLY, tax_credit(subject, "A"))

    found = await grade(db, subject)

    assert (GradeLetter.A, 925, False) == (found.grade, found.score, found.thin_file)


async def test_a_listing_caps_and_its_end_lifts(db: Database) -> None:
    """A dishonest debtor is D whatever else; once the record has ended it weighs nothing."""
    subject = await register(db, 3, EARLY, founded_on=shanghai("2015-01-01 00:00").date())
    await cover(db, subject.subject_id, EARLY, *EVERY_GROUP)
    new = NewRecord(subject.subject_id, "judicial.dishonest", "case-1", {}, EARLY.date(), "court")
    await report(db, EARLY, tax_credit(subject, "A"), new)

    before = await grade(db, subject)
    async with db.transaction(Role.OPS) as tx:
        record = (await records.records_of(tx, subject.subject_id, ["judicial.dishonest"], as_of=NOW))[0]
        await records.set_status(tx, subject.subject_id, record.record_id, RecordStatus.ENDED, now=LATE)
    after = await grade(db, subject, LATE)

    assert (GradeLetter.D, GradeLetter.A) == (before.grade, after.grade)


async def test_a_grade_is_as_of_its_instant(db: Database) -> None:
    """A record known later does not reach back."""
    subject = await register(db, 4, EARLY)
    await report(db, LATE, NewRecord(subject.subject_id, "list.abnormal", "x", {}, EARLY.date(), "market office"))

    assert (GradeLetter.B, GradeLetter.C) == ((await grade(db, subject)).grade, (await grade(db, subject, LATE)).grade)
