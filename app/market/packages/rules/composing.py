"""Composing a package, what changed since it was shown, what is signed, and reading it back."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from app.kernel.clock import shanghai_date
from app.market.packages.rules.canonical import canonical, digest, instant
from app.market.packages.rules.shapes import (
    BankInput,
    Body,
    Case,
    Entry,
    Letter,
    PackageItem,
    ScopeFault,
    Shown,
    Status,
    Subject,
)

KIND: Final = "credit-package"
VERSION: Final = 1
BANK_PREFIX: Final = "bank_input."  # Paths of a bank's own inputs; no item of a report begins so.
CHANGED: Final = "changed_since_consent"
_WORD: Final = {status: status.value for status in Status}  # A plain string: canonical JSON knows no enum.


def judge_scope(case: Case, letter: Letter, subject_id: UUID, entries: Sequence[Entry]) -> ScopeFault | None:
    """Say why the entries about a subject may not be sealed under the letter for this case, or None."""
    if (letter.order_id, letter.business_id) != (case.order_id, case.business_id):
        return ScopeFault.OTHER_ORDER
    if letter.bank_id != case.bank_id:
        return ScopeFault.OTHER_BANK
    if letter.branch_id != case.branch_id:
        return ScopeFault.OTHER_BRANCH
    if letter.subject_id != subject_id:
        return ScopeFault.OTHER_SUBJECT
    allowed = set(letter.data_classes)
    return ScopeFault.DATA_CLASS if any(entry.data_class not in allowed for entry in entries) else None


def compose_items(entries: Sequence[Entry], data_classes: Sequence[str], as_of: datetime) -> Body:
    """The part that the firm is shown before it signs: items by path, coverage of every class, gaps."""
    today = shanghai_date(as_of)
    rows = [_item(entry, today) for entry in sorted(entries, key=attrgetter("path"))]
    assert len({row["path"] for row in rows}) == len(rows), "a report names a path once"
    coverage = {name: _coverage([row for row in rows if row["data_class"] == name]) for name in data_classes}
    return {
        "items": rows,
        "coverage": coverage,
        "gaps": {
            "not_collected": [row["path"] for row in rows if row["status"] == Status.NOT_COLLECTED.value],
            "empty_classes": sorted(name for name, figures in coverage.items() if figures["values"] == 0),
        },
    }


def _item(entry: Entry, today: date) -> Body:
    assert not entry.path.startswith(BANK_PREFIX), "a record has no bank's path"
    assert (entry.value is not None) == (entry.status is Status.VALUE), "a value stands with its status only"
    row: Body = {
        "path": entry.path,
        "item_code": entry.item_code,
        "data_class": entry.data_class,
        "title": entry.title,
        "unit": entry.unit,
        "status": _WORD[entry.status],
    }
    if entry.source:
        row["source"] = entry.source
    if entry.value is not None:
        row["value"] = entry.value
    if entry.as_of_on is not None:
        row |= {"as_of_on": entry.as_of_on.isoformat(), "age_days": max(0, (today - entry.as_of_on).days)}
    return row


def _coverage(rows: Sequence[Body]) -> Body:
    """Counts by status, and between which days the values lie."""
    count = Counter(row["status"] for row in rows)
    days = [row["as_of_on"] for row in rows if "as_of_on" in row]
    figures: Body = {
        "items": len(rows),
        "values": count["value"],
        "no_record": count["no_record"],
        "not_collected": count["not_collected"],
    }
    return figures | ({"oldest_on": min(days), "newest_on": max(days)} if days else {})


def find_changes(shown: Shown | None, items: Sequence[Body]) -> tuple[str, ...]:
    """The paths whose status or value differs from what was shown, those that came new or are gone included.

    A value that was merely confirmed again on a later day has not changed.
    """
    if shown is None:
        return ()
    now = {row["path"]: (row["status"], row.get("value")) for row in items}
    return tuple(sorted(path for path in now.keys() | shown.items.keys() if now.get(path) != shown.items.get(path)))


def read_shown(preview_id: UUID, previewed_at: datetime, kept: bytes) -> Shown:
    """What a kept preview showed."""
    rows = json.loads(kept)["items"]
    items = {row["path"]: (row["status"], row.get("value")) for row in rows}
    return Shown(preview_id, digest(kept), previewed_at, items)


def compose(
    case: Case,
    letter: Letter,
    subject: Subject,
    entries: Sequence[Entry],
    *,
    as_of: datetime,
    edition: int,
    shown: Shown | None = None,
    inputs: Sequence[BankInput] = (),
) -> Body:
    """The whole package as of an instant. Bank inputs count only when they were recorded before it."""
    body = compose_items(entries, letter.data_classes, as_of)
    changed = find_changes(shown, body["items"])
    for row in body["items"]:
        if row["path"] in changed:
            row["mark"] = CHANGED
    present = {row["path"] for row in body["items"]}
    body["gaps"]["gone_since_consent"] = [path for path in changed if path not in present]
    early = sorted((given for given in inputs if given.recorded_at < as_of), key=lambda given: given.path)
    assert all(given.path.startswith(BANK_PREFIX) for given in early), "a bank's input has a bank's path"
    return {
        "kind": KIND,
        "version": VERSION,
        "as_of": instant(as_of),
        "catalogue_edition": edition,
        "order": {
            "order_id": str(case.order_id),
            "suborder_id": str(case.suborder_id),
            "product_id": str(case.product_id),
            "amount_fen": case.amount_fen,
            "term_months": case.term_months,
            "purpose": case.purpose,
        },
        "recipient": {"bank_id": str(case.bank_id), "branch_id": str(case.branch_id)},
        "subject": {"subject_id": str(subject.subject_id), "name": subject.name, "code": subject.code},
        "consent": {
            "consent_id": str(letter.consent_id),
            "purpose": letter.purpose,
            "data_classes": sorted(letter.data_classes),
            "text_hash": letter.text_hash,
            "valid_from": instant(letter.valid_from),
            "valid_to": instant(letter.valid_to),
        },
        "preview": _preview(shown),
        **body,
        "bank_statement": [_statement(given) for given in early],
    }


def _statement(given: BankInput) -> Body:
    row: Body = {
        "path": given.path,
        "value": given.value,
        "source": given.source,
        "as_of_on": given.as_of_on.isoformat(),
        "recorded_at": instant(given.recorded_at),
    }
    return row if given.recorded_by is None else {**row, "recorded_by": str(given.recorded_by)}


def _preview(shown: Shown | None) -> Body:
    if shown is None:
        return {"status": "not_kept"}
    at = instant(shown.previewed_at)
    return {"status": "kept", "preview_id": str(shown.preview_id), "sha256": shown.sha256, "previewed_at": at}


def claims(body: Body, *, issuer: str, package_id: UUID, issued_at: datetime) -> tuple[Body, bytes]:
    """What is signed: who says it to whom, under which consent, and the package with its hash; and its bytes."""
    order, consent, raw = body["order"], body["consent"], canonical(body)
    head = {
        "iss": issuer,
        "aud": body["recipient"]["bank_id"],
        "jti": str(package_id),
        "iat": int(issued_at.timestamp()),
        "order_id": order["order_id"],
        "suborder_id": order["suborder_id"],
        "consent_id": consent["consent_id"],
        "as_of": body["as_of"],
        "sha256": digest(raw),
    }
    return {**head, "package": body}, _around(head, raw)


def _around(head: Body, package: bytes) -> bytes:
    """The canonical bytes of the claims, with those of the package put in rather than made a second time."""
    parts = {name: canonical({name: value})[1:-1] for name, value in head.items()} | {
        "package": b'"package":' + package
    }
    return b"{" + b",".join(parts[name] for name in sorted(parts)) + b"}"


def read_items(body: Mapping[str, Any]) -> tuple[PackageItem, ...]:
    """The items of a package by path, then the bank's own inputs."""
    records = [
        PackageItem(
            path=row["path"],
            title=row["title"],
            unit=row["unit"],
            status=Status(row["status"]),
            value=row.get("value"),
            data_class=row["data_class"],
            source=row.get("source", ""),
            as_of_on=date.fromisoformat(row["as_of_on"]) if "as_of_on" in row else None,
            age_days=row.get("age_days"),
            changed_since_consent="mark" in row,
        )
        for row in body["items"]
    ]
    return (*records, *(_stated(row) for row in body["bank_statement"]))


def _stated(row: Mapping[str, Any]) -> PackageItem:
    return PackageItem(
        path=row["path"],
        title=row["path"],
        unit="",
        status=Status.VALUE,
        value=row["value"],
        data_class=None,
        source=row["source"],
        as_of_on=date.fromisoformat(row["as_of_on"]),
        age_days=None,
        stated_by_bank=True,
    )


def find_item(body: Mapping[str, Any], path: str) -> PackageItem | None:
    """The item at a path, or None where the package has no such path."""
    return next((item for item in read_items(body) if item.path == path), None)
