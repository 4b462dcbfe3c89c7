"""Who is told what, and when a copy by SMS or e-mail is tried again. Pure.

A message lies in a mailbox: an audience of an organisation, perhaps of one branch. Everybody who sits there sees it.
`NOBODY` stands where a mailbox has no organisation (all supervisors share one) or no branch.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

NOBODY: Final = UUID(int=0)
CODE_LASTS: Final = timedelta(minutes=15)
CODE_WRONG_MAX: Final = 5
CODE_DIGITS: Final = 6
WAITS: Final = (timedelta(0), timedelta(minutes=1), timedelta(minutes=10))  # Before the first, second and third try.
LEASE: Final = timedelta(seconds=60)
SHOWN_MAX: Final = 50  # Messages on one page.
_MOBILE: Final = re.compile(r"(?:\+86)?(1[3-9]\d{9})")
_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}")
EMAIL_LENGTH_MAX: Final = 254


class Audience(StrEnum):
    """Who sits at a mailbox; the words of the clock policies (`told`)."""

    FIRM = "firm"
    BRANCH = "branch"
    HEAD_OFFICE = "head_office"
    CUSTOMER_SERVICE = "customer_service"
    SUPERVISOR = "supervisor"
    OPERATOR = "operator"


AUDIENCE_OF: Final[Mapping[str, Audience]] = {
    "business": Audience.FIRM,
    "branch_clerk": Audience.BRANCH,
    "branch_checker": Audience.BRANCH,
    "bank_admin": Audience.HEAD_OFFICE,
    "regulator": Audience.SUPERVISOR,
    "service": Audience.CUSTOMER_SERVICE,
    "operator": Audience.OPERATOR,
}
_SHARED: Final = (Audience.SUPERVISOR, Audience.CUSTOMER_SERVICE, Audience.OPERATOR)


class Channel(StrEnum):
    SMS = "sms"
    EMAIL = "email"


class SendingState(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


class Outcome(StrEnum):
    """What one try came to. `RECORDED`: written down by the stand-in of a development machine, sent to nobody."""

    SENT = "sent"
    RECORDED = "recorded"
    REFUSED = "refused"  # 4xx: trying again changes nothing.
    SERVER_ERROR = "server-error"
    UNREACHABLE = "unreachable"
    EXPIRED = "expired"  # The code or the address was gone before it could be sent.


DELIVERED: Final = (Outcome.SENT, Outcome.RECORDED)
FINAL: Final = (*DELIVERED, Outcome.REFUSED, Outcome.EXPIRED)


@dataclass(frozen=True, slots=True)
class Mailbox:
    audience: Audience
    org_id: UUID = NOBODY
    branch_id: UUID = NOBODY


@dataclass(frozen=True, slots=True)
class Draft:
    """One message to write. `slots` fill its text; they are names, or end in their unit (`_fen`, `_ppm`, `_on`)."""

    mailbox: Mailbox
    kind: str
    slots: Mapping[str, str | int]
    url: str
    about_id: UUID


@dataclass(frozen=True, slots=True)
class Message:
    message_id: UUID
    seq: int
    kind: str
    slots: Mapping[str, str | int]
    url: str
    about_id: UUID
    happened_at: datetime
    is_new: bool


@dataclass(frozen=True, slots=True)
class ToldOf:
    """One message as a supervisor sees it in a case file: to whom, what, and what became of its copies."""

    audience: Audience
    kind: str
    slots: Mapping[str, str | int]
    happened_at: datetime
    made_at: datetime
    sent: int
    failed: int


@dataclass(frozen=True, slots=True)
class Copies:
    """How many copies on a channel are in a state, and why where they failed."""

    channel: Channel
    state: SendingState
    why: str
    copies: int


@dataclass(frozen=True, slots=True)
class Address:
    """Where copies go. `shown` is enough to know it by, and no more."""

    address_id: UUID
    channel: Channel
    shown: str
    confirmed_at: datetime | None
    code_until: datetime | None
    outcome: str | None


class CodeFault(StrEnum):
    """Why a code does not confirm an address; checked in this order."""

    CONFIRMED = "confirmed"
    EXPIRED = "code-expired"
    TOO_MANY = "too-many-tries"
    WRONG = "wrong-code"


def mailbox_of(role: str, org_id: UUID, branch_id: UUID | None) -> Mailbox | None:
    """The mailbox of a seat; None for seats that have none.

    >>> mailbox_of("regulator", UUID(int=7), None).org_id == NOBODY, mailbox_of("bank_client", UUID(int=7), None)
    (True, None)
    """
    audience = AUDIENCE_OF.get(role)
    if audience is None:
        return None
    if audience in _SHARED:
        return Mailbox(audience)
    return Mailbox(audience, org_id, (branch_id or NOBODY) if audience is Audience.BRANCH else NOBODY)


def read_address(channel: Channel, typed: str) -> str | None:
    """A mobile number (mainland, 11 digits) or an e-mail address as it is kept; None when it is neither.

    >>> read_address(Channel.SMS, "+86 199 0000 0000"), read_address(Channel.EMAIL, "boss@firm.example")
    ('19900000000', 'boss@firm.example')
    >>> read_address(Channel.SMS, "023-0000000"), read_address(Channel.EMAIL, "boss@firm")
    (None, None)
    """
    if channel is Channel.SMS:
        found = _MOBILE.fullmatch(re.sub(r"[\s-]", "", typed))
        return found[1] if found else None
    text = typed.strip()
    local = text.partition("@")[0]
    dotted = ".." in text or local.startswith(".") or local.endswith(".")
    return text if _EMAIL.fullmatch(text) and not dotted and len(text) <= EMAIL_LENGTH_MAX else None


def mask(channel: Channel, address: str) -> str:
    """
    >>> mask(Channel.SMS, "19900001234"), mask(Channel.EMAIL, "boss@firm.example")
    ('199****1234', 'b***@firm.example')
    """
    if channel is Channel.SMS:
        return f"{address[:3]}****{address[-4:]}"
    local, _, domain = address.partition("@")
    return f"{local[0]}***@{domain}"


def judge_code(address: Address, *, wrong: int, right: bool, now: datetime) -> CodeFault | None:
    """Whether a typed code confirms; after five wrong ones a new code must be asked for."""
    if address.confirmed_at is not None:
        return CodeFault.CONFIRMED
    if address.code_until is None or now >= address.code_until:
        return CodeFault.EXPIRED
    if wrong >= CODE_WRONG_MAX:
        return CodeFault.TOO_MANY
    return None if right else CodeFault.WRONG


def next_try_at(tries: int, outcome: Outcome, now: datetime) -> datetime | None:
    """When to try again after `tries` tries; None when it is over.

    >>> from datetime import UTC
    >>> at = datetime(2026, 1, 5, tzinfo=UTC)
    >>> next_try_at(1, Outcome.UNREACHABLE, at) - at
    datetime.timedelta(seconds=60)
    >>> next_try_at(3, Outcome.UNREACHABLE, at), next_try_at(1, Outcome.SENT, at)
    (None, None)
    """
    if outcome in FINAL or tries >= len(WAITS):
        return None
    return now + WAITS[tries]


def judge_status(status: int) -> Outcome:
    """
    >>> judge_status(202), judge_status(404), judge_status(500)
    (<Outcome.SENT: 'sent'>, <Outcome.REFUSED: 'refused'>, <Outcome.SERVER_ERROR: 'server-error'>)
    """
    if 200 <= status < 300:
        return Outcome.SENT
    return Outcome.REFUSED if 400 <= status < 500 and status != 429 else Outcome.SERVER_ERROR
