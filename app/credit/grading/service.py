"""Grading a subject from what is on record about it at an instant."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final
from uuid import UUID

from app.credit import catalogue, lists, records, subjects
from app.credit.catalogue import DataClass, Edition
from app.credit.grading.rules import Evidence, Facts, Formula, Grade, evaluate, parse_formula
from app.credit.lists import Entry
from app.credit.records import CreditRecord
from app.credit.subjects import Subject
from app.infra.db import ReadTx
from app.kernel.clock import shanghai_date
from app.office import policies

AGE_ITEM: Final = "registry.years"  # Not a record: it follows from the day of foundation.
COMPILED: Final = frozenset({"joint"})  # Put together from other lists: proves what it names, not what it leaves out.


async def grade(tx: ReadTx, subject_id: UUID, *, as_of: datetime) -> Grade:
    """The public grade of a subject as of an instant, with every line of its explanation.

    It rests on the formula and the catalogue of that day and on what was known by that instant; records that have
    ended since weigh nothing. Refused: `not-found`, `policy-missing`.
    """
    on = shanghai_date(as_of)
    subject = await subjects.get(tx, subject_id)
    formula = await read_formula(tx, on)
    edition = await catalogue.edition_on(tx, on)
    found = await records.records_of(tx, subject_id, sorted(edition.items), as_of=as_of)
    covered = await records.coverage_of(tx, subject_id, as_of=as_of)
    entries = await lists.entries_of(tx, subject_id, as_of=as_of)
    landed = await landed_items(tx, as_of=as_of)
    collected = {*covered, *landed, *(one.item_code for one in found if one.in_use)}
    evidence = [
        *(_of_record(one, edition) for one in found),
        *[one for entry in entries for one in await _of_entry(tx, entry, as_of)],
        *_of_age(subject, formula, on),
    ]
    facts = Facts(tuple(evidence), _classes(collected, edition, subject), on)
    return evaluate(formula, facts)


async def read_formula(tx: ReadTx, on: date) -> Formula:
    """The formula in force on a day."""
    policy = await policies.in_force(tx, "grading", "public", on)
    return parse_formula(policy.version, policy.body)


async def landed_items(tx: ReadTx, *, as_of: datetime) -> dict[str, tuple[str, date]]:
    """Items on which a whole list has been collected, each with (list, day): whoever is not on it was looked for."""
    found: dict[str, tuple[str, date]] = {}
    for key, landed_at in sorted((await lists.landed_kinds(tx, as_of=as_of)).items()):
        if key not in COMPILED:
            kind = await lists.list_kind(tx, key, shanghai_date(as_of))
            found |= {reason.item_code: (key, shanghai_date(landed_at)) for reason in kind.reasons}
    return found


def _of_record(record: CreditRecord, edition: Edition) -> Evidence:
    figures = edition.items[record.item_code].figures
    value = record.values.get(figures[0].path) if figures else None
    return Evidence(record.item_code, value, record.as_of_on, record.in_use)


async def _of_entry(tx: ReadTx, entry: Entry, as_of: datetime) -> Iterable[Evidence]:
    kind = await lists.list_kind(tx, entry.list_kind, shanghai_date(as_of))
    on = entry.listed_on or shanghai_date(entry.known_at)
    stands = entry.stands(as_of)
    return [Evidence(one.item_code, None, on, stands) for one in kind.reasons if one.word in entry.reasons]


def _of_age(subject: Subject, formula: Formula, on: date) -> Iterable[Evidence]:
    """The highest step of age that the formula weighs and the subject has reached."""
    if subject.founded_on is None:
        return []
    months = (on.year - subject.founded_on.year) * 12 + on.month - subject.founded_on.month
    years = (months - (on.day < subject.founded_on.day)) // 12
    steps = [int(one.value) for one in formula.weighs if one.item_code == AGE_ITEM and one.value is not None]
    reached = max((step for step in steps if step <= years), default=None)
    return [] if reached is None else [Evidence(AGE_ITEM, reached, subject.founded_on)]


def _classes(collected: set[str], edition: Edition, subject: Subject) -> frozenset[str]:
    classes = {edition.items[code].data_class.value for code in collected if code in edition.items}
    if subject.uscc is not None:
        classes.add(DataClass.REGISTRATION.value)  # Its code is proof that a register knows it.
    return frozenset(classes)
