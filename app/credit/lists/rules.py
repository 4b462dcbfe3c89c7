"""What a list entry is and which reasons a list knows. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Reason:
    """One ground for being listed: its word, the catalogue item it is, the path of a report that tells it."""

    word: str
    item_code: str
    path: str
    spellings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListKind:
    """One kind of list, as the policy `list_kind` has it."""

    key: str
    name: str
    colour: str  # red, black
    severity: str  # serious, abnormal, honour
    reasons: tuple[Reason, ...]

    @property
    def spellings(self) -> Mapping[str, str]:
        """Each known spelling of a reason, and the word it stands for."""
        return {spelling: one.word for one in self.reasons for spelling in one.spellings}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a list about a subject, or about nobody known yet (`subject_id` None)."""

    entry_id: UUID
    list_kind: str
    name: str
    uscc: str | None
    org_code: str | None
    reg_no: str | None
    reasons: tuple[str, ...]
    cause: str
    document: str
    listed_on: date | None
    organ: str
    subject_id: UUID | None
    matched_by: str | None
    known_at: datetime
    ended_at: datetime | None

    def stands(self, as_of: datetime) -> bool:
        return self.known_at <= as_of and (self.ended_at is None or as_of < self.ended_at)


def read_list_kind(key: str, body: Mapping[str, Any]) -> ListKind:
    """A row of the policy `list_kind`; a spelling that means two things is a programmer's error in the data.

    >>> kind = read_list_kind("x", {"name": "名单", "colour": "black", "severity": "serious", "reasons": [
    ...     {"text": "失信", "item": "list.serious", "path": "lists.serious", "spellings": ["失信", "失信名单"]}]})
    >>> kind.spellings["失信名单"]
    '失信'
    """
    reasons = tuple(Reason(one["text"], one["item"], one["path"], tuple(one["spellings"])) for one in body["reasons"])
    spelled = [spelling for one in reasons for spelling in one.spellings]
    assert reasons, f"{key}: no reasons"
    assert len(spelled) == len(set(spelled)), f"{key}: a spelling means two things"
    assert body["colour"] in ("red", "black"), f"{key}: colour"
    return ListKind(key, body["name"], body["colour"], body["severity"], reasons)
