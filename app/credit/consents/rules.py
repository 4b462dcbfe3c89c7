"""Whom a consent lets read what, and when: one bank's branch, one purpose, one set of data classes, one subject.

Pure: every input is an argument, every answer is a value. The same conditions stand once more in the SQL of store.py,
where they decide which row is locked; the tests hold the two together.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

DATA_CLASS: Final = re.compile(r"[a-z][a-z0-9_]{1,39}")
CLASSES_MAX: Final = 40  # A letter that names more classes than the catalogue has is a mistake.
VALID_MAX: Final = timedelta(days=366 * 31)  # Until-when plus the longest loan term a product may have.


class Purpose(StrEnum):
    """What the bank may use the data for (贷前审查, 贷中审查, 贷后管理)."""

    PRE_LOAN = "pre_loan"
    IN_LOAN = "in_loan"
    POST_LOAN = "post_loan"


class SignMethod(StrEnum):
    """How the signer was known: the firm's own login, or a proof that belongs to one natural person."""

    SESSION = "session"
    SMS = "sms"
    FACE = "face"
    CERTIFICATE = "certificate"


class Why(StrEnum):
    """Why a consent does not open the data, declared in the order of the checks; the first that holds is the answer."""

    NONE = "none"
    OTHER_BANK = "other-bank"
    OTHER_BRANCH = "other-branch"
    REVOKED = "revoked"
    NOT_YET = "not-yet"
    EXPIRED = "expired"
    PURPOSE = "purpose"
    OTHER_SUBJECT = "other-subject"
    DATA_CLASS = "data-class"
    SUBORDER_ENDED = "suborder-ended"


WRONG_GRANTEE: Final = frozenset({Why.OTHER_BANK, Why.OTHER_BRANCH})


class Flaw(StrEnum):
    """Why a letter cannot be signed as it stands, in the order of the checks."""

    NO_CLASS = "no-class"
    BAD_CLASS = "bad-class"
    BAD_TIME = "bad-time"
    NOT_THE_PERSON = "not-the-person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A letter as the firm (or a person) is about to sign it.

    `grantor_subject_id` is the firm whose order it is. `person_subject_id` is set when the data opened is a natural
    person's: then the letter opens that person's data and none of the firm's. Instants are aware UTC.
    """

    business_id: UUID
    grantor_subject_id: UUID
    bank_id: UUID
    branch_id: UUID
    order_id: UUID
    purpose: Purpose
    data_classes: tuple[str, ...]
    valid_from: datetime
    valid_to: datetime
    person_subject_id: UUID | None = None
    sign_method: SignMethod = SignMethod.SESSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A signed letter. `gated` is true from the first instant of its revocation on."""

    consent_id: UUID
    business_id: UUID
    grantor_subject_id: UUID
    bank_id: UUID
    branch_id: UUID
    order_id: UUID
    purpose: Purpose
    data_classes: tuple[str, ...]
    person_subject_id: UUID | None
    valid_from: datetime
    valid_to: datetime
    text_version: int
    text_hash: str
    granted_at: datetime
    revoked_at: datetime | None = None
    gated: bool = False

    @property
    def opens_subject_id(self) -> UUID:
        """The one subject whose data this letter opens: the person if it names one, else the firm."""
        return self.person_subject_id or self.grantor_subject_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What a reader wants to do with a consent, at the instant `at`."""

    bank_id: UUID
    branch_id: UUID
    purpose: str
    at: datetime
    data_classes: tuple[str, ...] = ()
    subject_id: UUID | None = None


def judge_grant(grant: Grant) -> Flaw | None:
    """Say what is wrong with a letter, or None.

    >>> from datetime import UTC
    >>> one = UUID(int=1)
    >>> day = datetime(2025, 9, 1, tzinfo=UTC)
    >>> letter = Grant(business_id=one, grantor_subject_id=one, bank_id=one, branch_id=one, order_id=one,
    ...     purpose=Purpose.PRE_LOAN, data_classes=("tax",), valid_from=day, valid_to=day + timedelta(days=90))
    >>> judge_grant(letter) is None
    True
    >>> from dataclasses import replace
    >>> judge_grant(replace(letter, person_subject_id=UUID(int=2)))
    <Flaw.NOT_THE_PERSON: 'not-the-person'>
    """
    if not grant.data_classes or len(grant.data_classes) > CLASSES_MAX:
        return Flaw.NO_CLASS
    if len(set(grant.data_classes)) != len(grant.data_classes):
        return Flaw.BAD_CLASS
    if not all(DATA_CLASS.fullmatch(data_class) for data_class in grant.data_classes):
        return Flaw.BAD_CLASS
    if not grant.valid_from < grant.valid_to <= grant.valid_from + VALID_MAX:
        return Flaw.BAD_TIME
    if grant.person_subject_id is not None and grant.sign_method is SignMethod.SESSION:
        return Flaw.NOT_THE_PERSON  # A firm's login can't speak for a person (PIPL 23, 29).
    return None


def judge_use(consent: Consent | None, use: Use) -> Why | None:
    """Say why the consent does not allow the use, or None when it does.

    >>> judge_use(None, Use(bank_id=UUID(int=1), branch_id=UUID(int=1), purpose="pre_loan", at=datetime.max))
    <Why.NONE: 'none'>
    """
    if consent is None:
        return Why.NONE
    return _judge_grantee(consent, use) or _judge_time(consent, use.at) or _judge_scope(consent, use)


def _judge_grantee(consent: Consent, use: Use) -> Why | None:
    if consent.bank_id != use.bank_id:
        return Why.OTHER_BANK
    return Why.OTHER_BRANCH if consent.branch_id != use.branch_id else None


def _judge_time(consent: Consent, at: datetime) -> Why | None:
    if consent.gated or consent.revoked_at is not None:
        return Why.REVOKED
    if at < consent.valid_from:
        return Why.NOT_YET
    return Why.EXPIRED if at >= consent.valid_to else None


def _judge_scope(consent: Consent, use: Use) -> Why | None:
    if consent.purpose != use.purpose:
        return Why.PURPOSE
    if use.subject_id is not None and use.subject_id != consent.opens_subject_id:
        return Why.OTHER_SUBJECT
    return None if set(use.data_classes) <= set(consent.data_classes) else Why.DATA_CLASS


def render_text(body: Mapping[str, object], slots: Mapping[str, str]) -> str:
    """The letter as the signer reads it: the dated paragraphs with their slots filled.

    A paragraph is plain text with `{slot}` marks; a slot that the text names and nobody fills is an error of ours
    (KeyError), never an empty place in a signed letter.

    >>> render_text({"title": "授权书", "paragraphs": ["本单位{grantor}同意。"]}, {"grantor": "甲公司"})
    '授权书\\n\\n本单位甲公司同意。\\n'
    """
    title, paragraphs = body["title"], body["paragraphs"]
    assert isinstance(title, str)
    assert isinstance(paragraphs, list)
    filled = [re.sub(r"\{([a-z_]+)\}", lambda mark: slots[mark[1]], str(paragraph)) for paragraph in paragraphs]
    return "\n\n".join([title, *filled]) + "\n"


def hash_text(text: str) -> str:
    """SHA-256 of the rendered letter, lower-case hex.

    >>> hash_text("")[:8]
    'e3b0c442'
    """
    return hashlib.sha256(text.encode()).hexdigest()
