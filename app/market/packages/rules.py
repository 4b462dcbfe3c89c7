"""What a credit data package is: composed from a report under a consent, byte for byte the same for the same inputs.

Pure: every input is an argument, every answer is a value. A package holds strings and integers only, under ASCII keys
(integers within ±2^53-1); then compact JSON with sorted keys is the canonical form of RFC 8785, which is hashed and
signed. Nothing is left out silently: each item has a status, each class its coverage, each gap its name.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from hashlib import sha256
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from app.kernel.clock import shanghai_date

KIND: Final = "credit-package"
VERSION: Final = 1
JWS_TYPE: Final = "credit-package+jws"
JWE_TYPE: Final = "credit-package+jwe"
EXACT_MAX: Final = 2**53 - 1  # The largest integer that every JSON reader keeps.
BANK_PREFIX: Final = "bank."  # Paths of a bank's own inputs; no item of a report begins so.
CHANGED: Final = "changed_since_consent"
_LONE: Final = re.compile("[\ud800-\udfff]")  # Half of a character: no text, and no UTF-8.

Body = dict[str, Any]


class Status(StrEnum):
    """What the platform knows about an item: three different things, never mixed up and never zero."""

    VALUE = "value"
    NO_RECORD = "no_record"  # Collected, and nothing was found.
    NOT_COLLECTED = "not_collected"


_WORD: Final = {status: status.value for status in Status}  # A plain string: canonical JSON knows no enum.


class ScopeFault(StrEnum):
    """Why a package may not be sealed under a consent, in the order of the checks. All need a new consent."""

    OTHER_ORDER = "other-order"
    OTHER_BANK = "other-bank"
    OTHER_BRANCH = "other-branch"
    OTHER_SUBJECT = "other-subject"
    DATA_CLASS = "data-class"


@dataclass(frozen=True, slots=True)
class Entry:
    """One item as the report gives it. `value` stands only with status `value`; `as_of_on` is the day it speaks of."""

    path: str
    item_code: str
    data_class: str
    title: str
    unit: str
    status: Status
    source: str = ""
    value: str | int | None = None
    as_of_on: date | None = None


@dataclass(frozen=True, slots=True)
class BankInput:
    """What a bank put in about the firm by itself, such as its own rating: the bank's statement, not a record.

    `path` begins with `bank.`; `recorded_by` is None for an import.
    """

    path: str
    value: str | int
    as_of_on: date
    source: str
    recorded_at: datetime
    recorded_by: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The consent, as far as a package depends on it. `subject_id` is whose data it opens."""

    consent_id: UUID
    order_id: UUID
    bank_id: UUID
    branch_id: UUID
    subject_id: UUID
    purpose: str
    data_classes: tuple[str, ...]
    text_hash: str
    valid_from: datetime
    valid_to: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The suborder that a package is for, and what was asked."""

    order_id: UUID
    suborder_id: UUID
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    product_id: UUID
    amount_fen: int
    term_months: int
    purpose: str


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose data it is. `code` is the unified social credit code, or the bank's customer number of a masked subject."""

    subject_id: UUID
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What the firm saw before it signed: per path (status, value)."""

    preview_id: UUID
    sha256: str
    previewed_at: datetime
    items: Mapping[str, tuple[str, str | int | None]]


@dataclass(frozen=True, slots=True)
class PackageItem:
    """One item of a sealed package, or one of the bank's own inputs (then `stated_by_bank`)."""

    path: str
    title: str
    unit: str
    status: Status
    value: str | int | None
    data_class: str | None
    source: str
    as_of_on: date | None
    age_days: int | None
    changed_since_consent: bool = False
    stated_by_bank: bool = False


def judge_scope(case: Case, letter: Letter, subject_id: UUID, entries: Sequence[Entry]) -> ScopeFault | None:
    """Say why the entries about a subject may not be sealed under the letter for this case, or None."""
    if letter.order_id != case.order_id:
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


def canonical(body: Mapping[str, Any]) -> bytes:
    """The one byte string for a body (RFC 8785).

    >>> canonical({"b": 1, "a": ["重庆", {"c": "x"}]}).decode()
    '{"a":["重庆",{"c":"x"}],"b":1}'
    """
    assert is_plain(body), "a package holds strings and integers under ASCII keys only"
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def is_plain(value: object) -> bool:
    """Whether a value is made of strings, exact integers, lists and objects with ASCII keys.

    >>> is_plain({"a": [1, "b"]}), is_plain({"a": 1.0}), is_plain({"a": True}), is_plain({"键": 1}), is_plain(2**53)
    (True, False, False, False, False)
    """
    rest: list[Any] = [value]
    keys: list[Any] = []
    texts: list[str] = []
    while rest:
        leaf = rest.pop()
        kind = type(leaf)
        if kind is str:
            texts.append(leaf)
        elif kind is dict:
            keys += leaf
            rest += leaf.values()
        elif kind is list:
            rest += leaf
        elif kind is not int or not -EXACT_MAX <= leaf <= EXACT_MAX:
            return False
    return {*map(type, keys)} <= {str} and "".join(keys).isascii() and _LONE.search("".join(texts)) is None


def digest(raw: bytes) -> str:
    return sha256(raw).hexdigest()


def instant(at: datetime) -> str:
    """An instant in UTC to the second.

    >>> instant(datetime(2025, 9, 25, 2, 0, 1, 999, tzinfo=UTC))
    '2025-09-25T02:00:01Z'
    """
    assert at.tzinfo is not None, "instants are aware"
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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
