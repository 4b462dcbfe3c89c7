"""The rules of consents, by table: one cell per condition, in the declared order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.credit.consents.rules import (
    Consent,
    Flaw,
    Grant,
    Purpose,
    SignMethod,
    Use,
    Why,
    hash_text,
    judge_grant,
    judge_use,
    render_text,
)

FIRM, PERSON, BANK, BRANCH, ORDER, OTHER = (UUID(int=n) for n in range(1, 7))
START = datetime(2025, 9, 1, tzinfo=UTC)
END = START + timedelta(days=90)
LETTER = Grant(
    business_id=FIRM,
    grantor_subject_id=FIRM,
    bank_id=BANK,
    branch_id=BRANCH,
    order_id=ORDER,
    purpose=Purpose.PRE_LOAN,
    data_classes=("tax", "judicial"),
    valid_from=START,
    valid_to=END,
)
CONSENT = Consent(
    consent_id=UUID(int=9),
    business_id=FIRM,
    grantor_subject_id=FIRM,
    bank_id=BANK,
    branch_id=BRANCH,
    order_id=ORDER,
    purpose=Purpose.PRE_LOAN,
    data_classes=("tax", "judicial"),
    person_subject_id=None,
    valid_from=START,
    valid_to=END,
    text_version=1,
    text_hash="0" * 64,
    granted_at=START,
)
USE = Use(bank_id=BANK, branch_id=BRANCH, purpose="pre_loan", at=START, data_classes=("tax",), subject_id=FIRM)

USES = [
    ("it holds", CONSENT, USE, None),
    ("it holds for every class it names", CONSENT, replace(USE, data_classes=("judicial", "tax")), None),
    ("it holds when nothing more is said", CONSENT, replace(USE, data_classes=(), subject_id=None), None),
    ("its last instant", CONSENT, replace(USE, at=END - timedelta(microseconds=1)), None),
    ("there is none", None, USE, Why.NONE),
    ("another bank", CONSENT, replace(USE, bank_id=OTHER), Why.OTHER_BANK),
    ("the same bank's other branch", CONSENT, replace(USE, branch_id=OTHER), Why.OTHER_BRANCH),
    ("the gate is closed", replace(CONSENT, gated=True), USE, Why.REVOKED),
    ("revoked", replace(CONSENT, revoked_at=START), USE, Why.REVOKED),
    ("before its first instant", CONSENT, replace(USE, at=START - timedelta(microseconds=1)), Why.NOT_YET),
    ("its end is no longer inside", CONSENT, replace(USE, at=END), Why.EXPIRED),
    ("another purpose", CONSENT, replace(USE, purpose="post_loan"), Why.PURPOSE),
    ("an invented purpose", CONSENT, replace(USE, purpose=""), Why.PURPOSE),
    ("the owner's data under the firm's letter", CONSENT, replace(USE, subject_id=PERSON), Why.OTHER_SUBJECT),
    ("the owner's data, own letter", replace(CONSENT, person_subject_id=PERSON), replace(USE, subject_id=PERSON), None),
    ("the firm's data, owner's letter", replace(CONSENT, person_subject_id=PERSON), USE, Why.OTHER_SUBJECT),
    ("one class too many", CONSENT, replace(USE, data_classes=("tax", "social")), Why.DATA_CLASS),
    ("bank before branch", CONSENT, replace(USE, bank_id=OTHER, branch_id=OTHER), Why.OTHER_BANK),
    ("branch before revoked", replace(CONSENT, gated=True), replace(USE, branch_id=OTHER), Why.OTHER_BRANCH),
    ("revoked before expired", replace(CONSENT, gated=True), replace(USE, at=END), Why.REVOKED),
    ("expired before purpose", CONSENT, replace(USE, at=END, purpose="x"), Why.EXPIRED),
    ("purpose before subject", CONSENT, replace(USE, purpose="x", subject_id=PERSON), Why.PURPOSE),
    ("subject before class", CONSENT, replace(USE, subject_id=PERSON, data_classes=("x",)), Why.OTHER_SUBJECT),
]


@pytest.mark.parametrize(("consent", "use", "why"), [case[1:] for case in USES], ids=[case[0] for case in USES])
def test_a_consent_allows_exactly_what_it_names(consent: Consent | None, use: Use, why: Why | None) -> None:
    """A bank that holds a consent id has nothing yet: every condition is checked, and the first that fails is told."""
    assert why == judge_use(consent, use)


def test_the_table_of_uses_names_every_reason() -> None:
    """A new reason can't be forgotten here; the end of a suborder is judged by its owner."""
    assert set(Why) - {Why.SUBORDER_ENDED} == {why for *_, why in USES} - {None}


GRANTS = [
    ("sound", LETTER, None),
    ("no class", replace(LETTER, data_classes=()), Flaw.NO_CLASS),
    ("more classes than there are", replace(LETTER, data_classes=tuple(f"c{n}" for n in range(41))), Flaw.NO_CLASS),
    ("a class twice", replace(LETTER, data_classes=("tax", "tax")), Flaw.BAD_CLASS),
    ("a wildcard", replace(LETTER, data_classes=("%",)), Flaw.BAD_CLASS),
    ("ends as it begins", replace(LETTER, valid_to=START), Flaw.BAD_TIME),
    ("ends before it begins", replace(LETTER, valid_to=START - timedelta(1)), Flaw.BAD_TIME),
    ("for ever", replace(LETTER, valid_to=datetime(2099, 12, 31, tzinfo=UTC)), Flaw.BAD_TIME),
    ("the firm's login for a person", replace(LETTER, person_subject_id=PERSON), Flaw.NOT_THE_PERSON),
    ("the person", replace(LETTER, person_subject_id=PERSON, sign_method=SignMethod.FACE), None),
]


@pytest.mark.parametrize(("grant", "flaw"), [case[1:] for case in GRANTS], ids=[case[0] for case in GRANTS])
def test_a_letter_is_refused_before_it_is_signed(grant: Grant, flaw: Flaw | None) -> None:
    """What is signed must be enforceable: classes that exist once, an end, and the right signer."""
    assert flaw == judge_grant(grant)


def test_the_table_of_letters_names_every_flaw() -> None:
    """A new flaw can't be forgotten here."""
    assert set(Flaw) == {flaw for *_, flaw in GRANTS} - {None}


def test_a_slot_that_nobody_fills_is_never_an_empty_place() -> None:
    """A signed letter without its bank's name would cover any bank."""
    with pytest.raises(KeyError):
        render_text({"title": "t", "paragraphs": ["{bank}"]}, {})


def test_a_name_that_looks_like_a_slot_is_not_filled_again() -> None:
    """Names come from a register and are text, not templates."""
    text = render_text({"title": "t", "paragraphs": ["{grantor}/{bank}"]}, {"grantor": "{bank}", "bank": "B"})

    expected = "t\n\n{bank}/B\n"
    assert expected == text


def test_the_hash_is_of_the_very_text() -> None:
    """One changed character is another text."""
    assert hash_text("授权") != hash_text("授权 ")
