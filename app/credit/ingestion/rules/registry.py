"""Rows of a register of market entities, and of bank outlets, which come in the same columns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from app.credit.ingestion.rules.persons import mask_persons
from app.credit.ingestion.rules.shapes import Accepted, Fault, Note, Quarantined, Verdict
from app.credit.ingestion.rules.values import (
    CODE_MAX,
    absent,
    code_notes,
    name_too_long,
    read_day,
    refused_code,
    serial_day,
)
from app.kernel.codes import BadCode, Uscc, check_uscc
from app.kernel.money import AbsentSum, ForeignSum, ReadSum, UnreadSum, parse_sum
from app.kernel.text import half_width, match_key, registered_name, text_fault

SCOPE_MAX: Final = 1024
EARLIEST: Final = date(1901, 1, 1)  # 1900-01-01 is what spreadsheets and databases make of no date.
_PLACE_NOTES: Final = {
    "not_a_division": Note.PLACE_NOT_A_DIVISION,
    "abolished": Note.PLACE_ABOLISHED,
    "not_stated": Note.PLACE_NOT_STATED,
}


class Where(Protocol):
    """A place as the room of subjects reads it."""

    @property
    def code(self) -> str | None: ...
    @property
    def reason(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class RegistryFacts:
    """What a row is judged against: today in Shanghai, and how the room of subjects reads a code and a place.

    `read_place` takes the text and the latest day that the row names; its reason `unknown` quarantines the row.
    """

    today: date
    kind_of: Callable[[Uscc], str | None]
    read_place: Callable[[str, date | None], Where]


def check_registry(cells: Sequence[str], facts: RegistryFacts) -> Verdict:
    """Judge one row: name, uscc, registered_on, entity_type, capital, scope, province, place, address."""
    name, code, day, entity_type, capital, scope, province, district, address = cells
    for column, text in enumerate(cells):
        if text_fault(text) is not None:
            return Quarantined(Fault.BAD_TEXT, _TITLES[column], text)
        if column != _USCC and (shown := mask_persons(text)) != text:
            return Quarantined(Fault.PERSON_IDENTIFIER, _TITLES[column], shown)
    if absent(name):
        return Quarantined(Fault.NAME_MISSING, "name", name)
    if "*" in half_width(name):
        return Quarantined(Fault.NAME_MASKED, "name", name)
    if name_too_long(name):
        return Quarantined(Fault.NAME_TOO_LONG, "name", name)
    if len(code) > CODE_MAX:
        return Quarantined(Fault.USCC_MALFORMED, "uscc", code)
    found = check_uscc(code)
    if isinstance(found, BadCode):
        return refused_code(found, "uscc", code)
    kind = facts.kind_of(found)
    if kind is None:
        return Quarantined(Fault.KIND_UNKNOWN, "uscc", code)
    notes = list(code_notes(found))
    founded_on = read_founding(day, facts.today)
    if isinstance(founded_on, Quarantined):
        return founded_on
    money = _read_capital(capital)
    if isinstance(money, Quarantined):
        return money
    where = _read_place(province, district, facts, founded_on)
    if isinstance(where, Quarantined):
        return where
    shown = one_line(name)
    notes += _name_notes(name, shown)
    notes += [Note.DATE_NOT_STATED] if founded_on is None else []
    notes += money[3]
    notes += [_PLACE_NOTES[where.reason]] if where.reason is not None else []
    notes += [Note.SCOPE_CUT] if len(scope) >= SCOPE_MAX else []
    return Accepted(
        (
            found.text, kind, found.org_code, shown, match_key(shown), where.code,
            registered_name(district), where.reason, founded_on,
            "" if absent(entity_type) else registered_name(entity_type), money[0], money[1], money[2],
            "" if absent(scope) else registered_name(scope), "" if absent(address) else registered_name(address),
            code if code != found.text else None,
        ),
        tuple(notes),
    )  # fmt: skip


_USCC: Final = 1
_TITLES: Final = ("name", "uscc", "registered_on", "entity_type", "capital", "scope", "province", "place", "address")


def read_founding(day: str, today: date) -> date | Quarantined | None:
    """The founding date; None when the register states none."""
    if absent(day):
        return None
    founded_on = read_day(day)
    if founded_on is None:
        return Quarantined(Fault.DATE_UNREAD, "registered_on", day, serial_day(day))
    if founded_on > today:
        return Quarantined(Fault.DATE_IN_FUTURE, "registered_on", day)
    if founded_on < EARLIEST:
        return Quarantined(Fault.DATE_TOO_EARLY, "registered_on", day)
    return founded_on


def one_line(name: str) -> str:
    """A name as it is kept: a break of the line is the cell's, not the name's.

    >>> one_line("山城测试\\n有限公司 ")
    '山城测试有限公司'
    """
    return "".join(part.strip() for part in registered_name(name).splitlines())


def _read_capital(text: str) -> tuple[int | None, str | None, str, list[Note]] | Quarantined:
    """Fen, currency, the text as written, notes. Another currency is never turned into fen: no rate is known."""
    match parse_sum(text):
        case ReadSum(fen=fen, unit_given=given):
            return fen, "CNY", text, [] if given else [Note.CAPITAL_UNIT_ASSUMED]
        case ForeignSum(currency=currency):
            return None, currency, text, [Note.CAPITAL_FOREIGN]
        case AbsentSum():
            return None, None, text, [Note.CAPITAL_NOT_STATED]
        case UnreadSum():
            return Quarantined(Fault.CAPITAL_UNREAD, "capital", text)


def _read_place(province: str, district: str, facts: RegistryFacts, founded_on: date | None) -> Where | Quarantined:
    if not absent(province) and half_width(province).replace(" ", "") not in ("重庆", "重庆市"):
        return Quarantined(Fault.OUTSIDE_CITY, "province", province)
    where = facts.read_place(district, founded_on)
    if where.reason == "unknown":
        return Quarantined(Fault.PLACE_UNKNOWN, "place", district)
    return where


def _name_notes(written: str, shown: str) -> list[Note]:
    odd = shown != written or shown[-1] in ".。．｡" or any("０" <= letter <= "ｚ" for letter in shown)
    return [Note.NAME_SPELLING] if odd else []
