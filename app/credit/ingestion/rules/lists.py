"""Rows of red and black lists: who is meant, by which codes, and for which reasons.

The USCC counts first; where it is missing, an organisation code equals its places 9-17. A code may stand in the wrong
column. A well-formed code whose check fails is for a person: a suggestion goes with it and is never applied.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from app.credit.ingestion.rules.persons import is_person, mask_persons
from app.credit.ingestion.rules.registry import one_line
from app.credit.ingestion.rules.shapes import Accepted, Fault, Note, Quarantined, Verdict
from app.credit.ingestion.rules.values import (
    CODE_MAX,
    CODE_NOTES,
    absent,
    code_notes,
    lost_digits,
    name_too_long,
    read_day,
    refused_code,
    serial_day,
    suggest_org_code,
    without_point,
)
from app.kernel.codes import BadCode, CodeFault, OrgCode, Uscc, check_org_code, check_uscc
from app.kernel.text import half_width, match_key, registered_name, text_fault

_PARTED: Final = re.compile(r"[、,;/|\r\n]+")
_BLANKS: Final = re.compile(r" +")
_NUMBERED: Final = re.compile(r"\(?[0-9]{1,2}[.)]")
EARLIEST: Final = date(1949, 10, 1)
_CODES: Final = ("uscc", "org_code", "reg_no")
_REG_NO: Final = re.compile(r"[0-9]{13}|[0-9]{15}")
_NOTHING: Final = frozenset({CodeFault.EMPTY, CodeFault.PLACEHOLDER})
_COLUMNS: Final = ("name", "reg_no", "org_code", "uscc", "reasons", "cause", "document", "listed_on", "organ")


@dataclass(frozen=True, slots=True)
class ListFacts:
    """What a row is judged against: today, and the reasons of the list by every spelling."""

    today: date
    reasons: Mapping[str, str]  # squashed spelling → the reason's own word

    @property
    def only_reason(self) -> str | None:
        words = set(self.reasons.values())
        return next(iter(words)) if len(words) == 1 else None


@dataclass(slots=True)
class _Codes:
    """The codes found in a row so far."""

    uscc: str | None = None
    org_code: str | None = None
    reg_no: str | None = None
    notes: list[Note] = field(default_factory=list)


def check_list(cells: Sequence[str], facts: ListFacts) -> Verdict:
    """Judge one row: name, reg_no, org_code, uscc, reasons, cause, document, listed_on, organ."""
    name, reg_no, org_code, uscc, reasons_text, cause, document, listed_text, organ = cells
    for column, text in zip(_COLUMNS, cells, strict=True):
        if text_fault(text) is not None:
            return Quarantined(Fault.BAD_TEXT, column, text)
        if column not in _CODES and (shown := mask_persons(text)) != text:
            return Quarantined(Fault.PERSON_IDENTIFIER, column, shown)
    if absent(name):
        return Quarantined(Fault.NAME_MISSING, "name", name)
    if name_too_long(name):
        return Quarantined(Fault.NAME_TOO_LONG, "name", name)
    codes = _Codes()
    for column, text in (("uscc", uscc), ("org_code", org_code), ("reg_no", reg_no)):
        if (bad := _take(codes, column, text)) is not None:
            return bad
    if codes.uscc is None and codes.org_code is None and codes.reg_no is None:
        return Quarantined(Fault.IDENTIFIER_MISSING, "uscc", "")
    reasons = _read_reasons(reasons_text, facts)
    if isinstance(reasons, Quarantined):
        return reasons
    listed_on = None if absent(listed_text) else read_day(listed_text)
    if listed_on is None and not absent(listed_text):
        return Quarantined(Fault.DATE_UNREAD, "listed_on", listed_text, serial_day(listed_text))
    if listed_on is not None and listed_on > facts.today:
        return Quarantined(Fault.DATE_IN_FUTURE, "listed_on", listed_text)
    if listed_on is not None and listed_on < EARLIEST:
        return Quarantined(Fault.DATE_TOO_EARLY, "listed_on", listed_text)
    shown = one_line(name)
    notes = codes.notes + ([Note.NAME_SPELLING] if shown != name else [])
    if codes.uscc is None:
        notes.append(Note.NO_CODE if codes.org_code is None else Note.NO_USCC)
    if absent(reasons_text):
        notes.append(Note.REASON_OF_KIND)
    return Accepted(
        (
            shown, match_key(shown), codes.uscc, codes.uscc[8:17] if codes.uscc else codes.org_code, codes.reg_no,
            reasons, _text(cause), _text(document), listed_on, _text(organ),
        ),
        tuple(dict.fromkeys(notes)),
    )  # fmt: skip


def _text(cell: str) -> str:
    return "" if absent(cell) else registered_name(cell)


def _read_reasons(text: str, facts: ListFacts) -> list[str] | Quarantined:
    """The list's own words for the reasons, each once, in the order written."""
    if absent(text):
        if facts.only_reason is None:
            return Quarantined(Fault.REASON_MISSING, "reasons", text)
        return [facts.only_reason]
    words: list[str] = []
    lines = (half_width(line) for line in text.splitlines())
    for part in (part for line in lines for part in _PARTED.split(line)):
        found = _read_reason(part, facts.reasons)
        if found is None:
            return Quarantined(Fault.REASON_UNKNOWN, "reasons", text)
        words += found
    if not words:
        return Quarantined(Fault.REASON_MISSING, "reasons", text)
    return list(dict.fromkeys(words))


def _read_reason(part: str, known: Mapping[str, str]) -> list[str] | None:
    """One reason, or several parted by blanks; blanks inside a reason are only spelling, numbers before it too."""
    bare = _NUMBERED.sub("", part.replace(" ", ""), count=1)
    if not bare or bare.isdigit():
        return []
    if bare in known:
        return [known[bare]]
    words = [known.get(piece) for piece in _BLANKS.split(part.strip())]
    return [word for word in words if word] if all(words) else None


def _take(codes: _Codes, column: str, text: str) -> Quarantined | None:
    """Take what stands in one code column, whatever code it is; a fault when it is none, or disagrees."""
    if len(text) > CODE_MAX:
        return Quarantined(Fault.USCC_MALFORMED if column == "uscc" else Fault.ORG_CODE_MALFORMED, column, text)
    text = _plain(codes, text)
    found = check_uscc(text)
    if isinstance(found, Uscc):
        return _take_uscc(codes, column, text, found)
    if is_person(text) or lost_digits(text):
        return refused_code(found, column, text)
    if found.fault in _NOTHING:
        codes.notes += [Note.CODE_PLACEHOLDER] if found.fault is CodeFault.PLACEHOLDER and not absent(text) else []
        return None
    if found.fault is CodeFault.LOOKS_LIKE_ORG_CODE:
        return _take_org_code(codes, column, text)
    if found.fault is CodeFault.LOOKS_LIKE_REGISTRATION:
        return _take_reg_no(codes, column, found.normal)
    if column == "reg_no" and len(found.normal) != 18:
        codes.reg_no = codes.reg_no or registered_name(text)
        codes.notes.append(Note.REG_NO_UNUSUAL)
        return None
    if column == "org_code" and len(found.normal) != 18:
        return Quarantined(Fault.ORG_CODE_MALFORMED, column, text)
    return refused_code(found, column, text)


def _plain(codes: _Codes, text: str) -> str:
    """A code that was taken for a figure, without its .0."""
    plain = without_point(half_width(text).replace(" ", ""))
    if not plain.isdigit() or plain == half_width(text).replace(" ", ""):
        return text
    codes.notes.append(Note.NUMBER_AS_FIGURE)
    return plain


def _take_uscc(codes: _Codes, column: str, text: str, found: Uscc) -> Quarantined | None:
    if codes.uscc is not None and codes.uscc != found.text:
        return Quarantined(Fault.CODES_DISAGREE, column, text)
    if codes.org_code is not None and codes.org_code != found.org_code:
        return Quarantined(Fault.CODES_DISAGREE, column, text)
    codes.uscc = found.text
    codes.notes += code_notes(found)
    codes.notes += [Note.CODE_MOVED] if column != "uscc" else []
    return None


def _take_org_code(codes: _Codes, column: str, text: str) -> Quarantined | None:
    found = check_org_code(text)
    if isinstance(found, BadCode):
        fault = Fault.ORG_CODE_CHECK if found.fault is CodeFault.ORG_CHECK else Fault.ORG_CODE_MALFORMED
        return Quarantined(fault, column, text, suggest_org_code(found.normal))
    assert isinstance(found, OrgCode)
    known = codes.uscc[8:17] if codes.uscc else codes.org_code
    if known is not None and known != found.text:
        return Quarantined(Fault.CODES_DISAGREE, column, text)
    codes.org_code = found.text
    codes.notes += [CODE_NOTES[note] for note in found.notes if note in CODE_NOTES]
    codes.notes += [Note.CODE_MOVED] if column != "org_code" else []
    return None


def _take_reg_no(codes: _Codes, column: str, number: str) -> Quarantined | None:
    assert _REG_NO.fullmatch(number)
    if codes.reg_no is not None and codes.reg_no != number:
        return Quarantined(Fault.CODES_DISAGREE, column, number)
    codes.reg_no = number
    codes.notes += [Note.CODE_MOVED] if column != "reg_no" else []
    return None
