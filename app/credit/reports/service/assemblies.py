"""Assembling a report: what is known about a subject, in some classes, at an instant. Every one leaves a trace."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from app.access import audit
from app.credit import catalogue, grading, lists, records, subjects
from app.credit.catalogue import DataClass, Edition
from app.credit.reports.rules import Asked, Known, Report, compose, cover, find_gaps
from app.credit.reports.service import figures
from app.credit.subjects import Subject, SubjectKind
from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal

GRADED = (SubjectKind.ENT,)
GRADE_PATH = "evaluation.credit_grade"
REGISTER_ITEM = "registry.basic"  # A subject with a code was in a register: an empty cell there is "nothing".


async def assemble(
    tx: Tx,
    subject_id: UUID,
    data_classes: Collection[str],
    *,
    as_of: datetime,
    case_id: UUID | None = None,
    consent_id: UUID | None = None,
) -> Report:
    """What was known about the subject at `as_of` in these classes, figure by figure, with coverage and gaps.

    The caller has checked that its reader may see them: the subject itself (self-query), or a bank under a consent,
    whose id then stands in the audit event that this writes. Records that came later do not leak in; records that have
    ended or are hidden now never appear. A class outside the catalogue of that day is refused (`malformed-field`).
    """
    on = shanghai_date(as_of)
    edition = await catalogue.edition_on(tx, on)
    subject = await subjects.get(tx, subject_id)
    classes = _order_classes(edition, data_classes)
    asked = _asked(edition, classes, subject)
    known = await _known(tx, subject, edition, classes, as_of)
    collected = await _collected(tx, subject, as_of)
    items = compose(asked, known, collected, on)
    detail = {"classes": ",".join(classes), "edition": str(edition.number)}
    if consent_id is not None:
        detail["consent_id"] = str(consent_id)
    await audit.write(tx, "report.read", subject_id=subject_id, case_id=case_id, detail=detail)
    return Report(subject_id, as_of, edition.number, classes, items, cover(items), find_gaps(items))


def _order_classes(edition: Edition, data_classes: Collection[str]) -> tuple[str, ...]:
    """The asked classes in the order in which classes are declared, each once."""
    unknown = sorted(set(data_classes) - {one.value for one in edition.classes})
    if unknown:
        raise Refusal("malformed-field", "目录中没有该数据类别", data_classes=unknown)
    return tuple(one.value for one in DataClass if one.value in set(data_classes))


def _asked(edition: Edition, classes: Collection[str], subject: Subject) -> list[Asked]:
    return [
        Asked(figure.path, figure.title, figure.unit, item.code, data_class)
        for data_class in classes
        for item in edition.of_class(DataClass(data_class))
        if subject.kind.value in item.subject_kinds
        for figure in item.figures
    ]


async def _known(
    tx: ReadTx, subject: Subject, edition: Edition, classes: Collection[str], as_of: datetime
) -> dict[str, Known]:
    on = shanghai_date(as_of)
    item_codes = [item.code for data_class in classes for item in edition.of_class(DataClass(data_class))]
    found = await records.records_of(tx, subject.subject_id, item_codes, as_of=as_of)
    known = figures.of_records(found, on) | await _listed(tx, subject, as_of)
    if DataClass.REGISTRATION.value in classes:
        known |= figures.of_subject(subject, on)
    if DataClass.INVOICES.value in classes:
        known |= figures.of_features(await records.features_at(tx, subject.subject_id, as_of=as_of))
    if DataClass.EVALUATION.value in classes and subject.kind in GRADED:
        outcome = await grading.grade(tx, subject.subject_id, as_of=as_of)
        known[GRADE_PATH] = Known(outcome.grade.value, outcome.on, f"grading:{outcome.formula_version}")
    return known


async def _listed(tx: ReadTx, subject: Subject, as_of: datetime) -> dict[str, Known]:
    """Flags of the lists on which the subject stands at that instant. Being struck off leaves no flag."""
    known: dict[str, Known] = {}
    for entry in await lists.entries_of(tx, subject.subject_id, as_of=as_of):
        if entry.stands(as_of):
            kind = await lists.list_kind(tx, entry.list_kind, shanghai_date(as_of))
            on: date = entry.listed_on or shanghai_date(entry.known_at)
            flag = Known(1, on, f"list:{entry.list_kind}")
            known |= {reason.path: flag for reason in kind.reasons if reason.word in entry.reasons}
    return known


async def _collected(tx: ReadTx, subject: Subject, as_of: datetime) -> set[str]:
    covered = await records.coverage_of(tx, subject.subject_id, as_of=as_of)
    landed = await grading.landed_items(tx, as_of=as_of) if subject.uscc is not None else {}
    register = {REGISTER_ITEM} if subject.uscc is not None else set()
    return {*covered, *landed, *register}
