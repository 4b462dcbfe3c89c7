"""Who a subject is: its kind from its code, and the division of an address as a register writes it.

Pure. Divisions are dated rows of the policy `district`; what is no division is kept as written, with the reason.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from app.kernel.codes import CodeKind, Uscc
from app.kernel.text import half_width


class SubjectKind(StrEnum):
    """The kinds of subject 信用主体, those of agriculture, and the masked firm of one bank."""

    ENT = "ENT"  # 企业
    SOLE = "SOLE"  # 个体工商户
    COOP = "COOP"  # 农民专业合作社
    SOC = "SOC"  # 社会组织
    INST = "INST"  # 事业单位
    GOV = "GOV"  # 政府机构
    PER = "PER"  # 自然人
    HOUSEHOLD = "HOUSEHOLD"  # 农户
    COLLECTIVE = "COLLECTIVE"  # 农村集体经济组织
    MASKED = "MASKED"  # A bank's customer number; no USCC, no district, no founding date.


class PlaceReason(StrEnum):
    """Why a place stands as written, without the code of a division in force."""

    NOT_A_DIVISION = "not_a_division"  # A development zone: 北部新区, 万盛 since 2011, 两江新区 until 2025.
    ABOLISHED = "abolished"  # The code is given all the same; its successors are in the district's row.
    NOT_STATED = "not_stated"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Subject:
    """One subject as it is known now. `name` is as registered; spellings are compared by `kernel.text.match_key`."""

    subject_id: UUID
    kind: SubjectKind
    name: str
    uscc: str | None = None
    org_code: str | None = None  # Places 9-17 of the USCC, or what an old register gave.
    district_code: str | None = None
    place_as_written: str = ""
    place_reason: PlaceReason | None = None
    address: str = ""
    founded_on: date | None = None
    entity_type: str = ""
    scope: str = ""
    capital_fen: int | None = None
    capital_as_written: str = ""
    capital_currency: str | None = None
    agri: bool = False  # 农业企业: an ENT that the agriculture department lists.
    bank_id: UUID | None = None  # MASKED only
    customer_no: str | None = None  # MASKED only


@dataclass(frozen=True, slots=True)
class District:
    """A division, or a place that is often written as one (`level` zone), over one stretch of time.

    `valid_to` is its last day. `aliases` are the spellings met, without 重庆市.
    """

    code: str
    name: str
    level: str  # district, county, autonomous, zone
    valid_from: date
    valid_to: date | None
    aliases: tuple[str, ...]
    successors: tuple[str, ...] = ()

    def in_force(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Place:
    code: str | None
    reason: PlaceReason | None


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """All districts with their spellings, ready to read the place of a row."""

    districts: tuple[District, ...]
    by_spelling: Mapping[str, tuple[District, ...]] = field(repr=False)

    def in_force(self, on: date) -> tuple[District, ...]:
        """The divisions of a day; 37 since 2025-11-06, 38 before."""
        return tuple(d for d in self.districts if d.level != "zone" and d.in_force(on))

    def name(self, code: str, on: date) -> str | None:
        """What the division was called on a day; None when the code meant nothing then."""
        return next((d.name for d in self.districts if d.code == code and d.in_force(on)), None)

    def place(self, text: str, *, as_of_on: date | None, not_before: date | None = None) -> Place:
        """The place of a row, see `place`."""
        return place(self, text, as_of_on=as_of_on, not_before=not_before)

    def heirs(self, code: str, on: date) -> tuple[str, ...]:
        """The codes in force on a day that the division became; itself while in force. Several: a person decides."""
        rows = [d for d in self.districts if d.code == code and d.valid_from <= on]
        last = max(rows, key=lambda d: d.valid_from, default=None)
        if last is None:
            return ()
        if last.in_force(on):
            return (code,)
        return tuple(dict.fromkeys(heir for one in last.successors for heir in self.heirs(one, on)))


# The city itself says no more than that it is here.
_NOT_STATED: Final = frozenset(
    {
        "",
        "-",
        "--",
        "n/a",
        "na",
        "null",
        "\\n",
        "无",
        "不详",
        "/",
        "重庆",
        "重庆市",
        "市辖区",
        "重庆市市辖区",
        "县",
        "市辖县",
    }
)
_KINDS: Final[Mapping[CodeKind, SubjectKind]] = {
    CodeKind.ORGAN: SubjectKind.GOV,
    CodeKind.INSTITUTION: SubjectKind.INST,
    CodeKind.MASS_ORGANISATION: SubjectKind.SOC,
    CodeKind.ASSOCIATION: SubjectKind.SOC,
    CodeKind.PRIVATE_NON_ENTERPRISE: SubjectKind.SOC,
    CodeKind.FOUNDATION: SubjectKind.SOC,
    CodeKind.ENTERPRISE: SubjectKind.ENT,
    CodeKind.SOLE_TRADER: SubjectKind.SOLE,
    CodeKind.COOPERATIVE: SubjectKind.COOP,
    CodeKind.COLLECTIVE: SubjectKind.COLLECTIVE,
    CodeKind.TRADE_UNION: SubjectKind.SOC,
    CodeKind.LEGAL_SERVICE: SubjectKind.SOC,
    CodeKind.RELIGIOUS: SubjectKind.SOC,
    CodeKind.REPRESENTATION: SubjectKind.ENT,
}


def kind_of(uscc: Uscc) -> SubjectKind | None:
    """The kind that a code's first two places say; None where the standard knows the code only as 其他.

    >>> from app.kernel.codes import check_uscc
    >>> found = check_uscc("N2500235MF0000013D")
    >>> kind_of(found) if isinstance(found, Uscc) else None
    <SubjectKind.COLLECTIVE: 'COLLECTIVE'>
    """
    return _KINDS.get(uscc.kind)


def read_district(key: str, valid_from: date, valid_to: date | None, body: Mapping[str, Any]) -> District:
    """One row of the policy `district`; a missing or wrong member is a programmer's error in the data."""
    assert body["level"] in ("district", "county", "autonomous", "zone"), f"{key}: level"
    assert valid_to is None or valid_from <= valid_to, f"{key}: validity"
    return District(
        key, body["name"], body["level"], valid_from, valid_to, tuple(body["aliases"]), tuple(body["successors"])
    )


def gazetteer(districts: Iterable[District]) -> Gazetteer:
    """Index districts by every spelling."""
    rows = tuple(sorted(districts, key=lambda d: (d.code, d.valid_from)))
    spelled: dict[str, list[District]] = {}
    for row in rows:
        for spelling in dict.fromkeys((row.name, *row.aliases)):
            spelled.setdefault(spelling, []).append(row)
    return Gazetteer(rows, {spelling: tuple(found) for spelling, found in spelled.items()})


def place(known: Gazetteer, text: str, *, as_of_on: date | None, not_before: date | None = None) -> Place:
    """Read the place of a row. `as_of_on` is the day the file speaks of, None when it does not say; `not_before`
    is the latest day that the row itself names, so that what ended before it cannot be meant.

    Where the day is unknown and a zone bears the name (万盛), the zone is meant: the name alone proves no division.

    >>> old = read_district("500112", date(1997, 6, 18), date(2025, 11, 5),
    ...                     {"name": "渝北区", "level": "district", "aliases": ["渝北"], "successors": ["500157"]})
    >>> place(gazetteer([old]), "渝北", as_of_on=None)
    Place(code='500112', reason=None)
    >>> place(gazetteer([old]), "重庆市渝北区", as_of_on=date(2026, 1, 1)).reason
    <PlaceReason.ABOLISHED: 'abolished'>
    """
    plain = half_width(text).replace(" ", "")
    if plain.lower() in _NOT_STATED:
        return Place(None, PlaceReason.NOT_STATED)
    bare = plain.removeprefix("重庆市").removeprefix("重庆")
    named = known.by_spelling.get(plain) or known.by_spelling.get(bare) or _named_otherwise(known, bare)
    if not named:
        return Place(None, PlaceReason.UNKNOWN)
    alive = [d for d in named if _possible(d, as_of_on, not_before)]
    zones = [d for d in alive if d.level == "zone"]
    divisions = [d for d in alive if d.level != "zone"]
    if divisions and (as_of_on is not None or not zones):
        return Place(max(divisions, key=_since).code, None)
    if zones:
        return Place(None, PlaceReason.NOT_A_DIVISION)
    ended = [d for d in named if d.level != "zone" and (as_of_on is None or d.valid_from <= as_of_on)]
    if ended:
        return Place(max(ended, key=_since).code, PlaceReason.ABOLISHED)
    zone = any(d.level == "zone" for d in named)
    return Place(None, PlaceReason.NOT_A_DIVISION if zone else PlaceReason.UNKNOWN)


def _named_otherwise(known: Gazetteer, text: str) -> tuple[District, ...]:
    """A place that is written by its code, or goes on after its full name: 渝中区解放碑街道."""
    if len(text) == 6 and text.isascii() and text.isdigit():
        return tuple(d for d in known.districts if d.code == text)
    heads = [text[:end] for end in range(len(text), 2, -1) if text[end - 1] in "区县"]
    return next((found for head in heads if (found := known.by_spelling.get(head, ()))), ())


def _since(district: District) -> date:
    return district.valid_from


def _possible(district: District, as_of_on: date | None, not_before: date | None) -> bool:
    if as_of_on is not None:
        return district.in_force(as_of_on)
    return not_before is None or district.valid_to is None or not_before <= district.valid_to


_CODE_PIECE: Final = re.compile("[0-9A-Z]{4,18}")
LETTERS_MAX: Final = 40  # Of what is typed to find a name; more finds nothing better.


def likenesses(key: str) -> tuple[tuple[str, ...], ...]:
    """Patterns (of SQL's `like`) for names that resemble what was typed, given as `match_key`; the closest first.

    In one piece; with letters left out; and, from three letters on, with one of them wrong or too many.

    >>> likenesses("渝商")
    (('%渝商%',), ('%渝%商%',))
    >>> likenesses("晴川械")[2]
    ('%川%械%', '%晴%械%', '%晴%川%')
    >>> likenesses("") + likenesses("50%")[:1]
    (('%50\\\\%%',),)
    """
    letters = [f"\\{one}" if one in "\\%_" else one for one in key[:LETTERS_MAX]]
    if not letters:
        return ()
    found: list[tuple[str, ...]] = [(f"%{''.join(letters)}%",)]
    if len(letters) > 1:
        found.append((f"%{'%'.join(letters)}%",))
    if len(letters) > 2:
        found.append(tuple(f"%{'%'.join(letters[:n] + letters[n + 1 :])}%" for n in range(len(letters))))
    return tuple(found)


def code_piece(typed: str) -> str:
    """What was typed as a piece of a code, from four signs on; empty when it cannot be one.

    >>> code_piece(" 9150 0103-xy"), code_piece("渝商"), code_piece("123")
    ('91500103XY', '', '')
    """
    piece = half_width(typed).replace(" ", "").replace("-", "").upper()
    return piece if _CODE_PIECE.fullmatch(piece) else ""
