"""The firm's answers: what is taken, what is complained of, and what is carried on."""

import json
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from app.market.orders.pages.answers import QUESTIONS, read_answers
from app.market.orders.pages.kinds import NEW, Kind
from app.market.orders.rules.loans import LoanType
from app.market.orders.schemas import read_bounds

BOUNDS = read_bounds(
    json.loads((Path(__file__).parents[3] / "migrations" / "policies" / "order.json").read_text())[0]["body"]
)
DISTRICTS = {"500103": "渝中区", "500106": "沙坪坝区"}
WHOLE = {
    "order_id": str(UUID(int=7)), "amount_wan": "12.5", "term_months": "12", "purpose": "equipment",
    "collateral": "none", "district": "500103", "until_days": "30", "places": "2",
}  # fmt: skip


def test_whole_answers_are_a_draft():
    """What the firm typed becomes fen, months and a last day, and nothing else."""
    answers = read_answers(WHOLE, DISTRICTS, BOUNDS)

    draft = answers.draft(date(2025, 9, 25))

    assert answers.open_question is None
    assert (12_500_000, 12, "equipment", "none", "500103", date(2025, 10, 25), 2) == (
        draft.amount_fen, draft.term_months, draft.purpose, draft.collateral, draft.district_code, draft.until_on,
        draft.places,
    )  # fmt: skip
    assert UUID(int=7) == draft.order_id


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_first_open_question_is_asked(question: str):
    """A missing answer is asked for where it belongs, whatever stands behind it."""
    field = QUESTIONS[question]

    answers = read_answers({name: value for name, value in WHOLE.items() if name != field}, DISTRICTS, BOUNDS)

    assert (None if field in ("kind", "until_days", "places") else question) == answers.open_question


def test_what_hardly_anybody_wants_otherwise_is_answered_beforehand():
    """How long, how many banks, and where: suggested, and to be changed where everything is checked."""
    asked = {name: WHOLE[name] for name in ("amount_wan", "term_months", "purpose", "collateral")}

    answers = read_answers(asked, DISTRICTS, BOUNDS, home="500106")
    elsewhere = read_answers({**asked, "district": "500103"}, DISTRICTS, BOUNDS, home="500106")
    unknown = read_answers(asked, DISTRICTS, BOUNDS, home="999999")

    assert (None, "500106", "30", "2") == (
        answers.open_question, *(answers.values[name] for name in ("district", "until_days", "places")),
    )  # fmt: skip
    assert "500103" == elsewhere.values["district"]
    assert "district" == unknown.open_question


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("amount_wan", ""), ("amount_wan", "很多"), ("amount_wan", "0"), ("amount_wan", "-5"), ("amount_wan", "0.5"),
        ("amount_wan", "10001"), ("amount_wan", "12.3456"), ("amount_wan", "30万美元"), ("amount_wan", "1e9"),
        ("amount_wan", "9" * 60), ("term_months", "13"), ("term_months", "12.0"), ("purpose", "fun"),
        ("collateral", ""), ("district", "500112"), ("district", ""), ("until_days", "91"), ("places", "4"),
        ("places", "２"),
    ],
)  # fmt: skip
def test_a_bad_answer_is_named_and_asked_again(name: str, value: str):
    """Nothing that is not on offer passes; the fault stands with its field, and the text stays as typed."""
    answers = read_answers({**WHOLE, name: value}, DISTRICTS, BOUNDS)

    assert [name] == list(answers.faults)
    assert name == QUESTIONS[answers.open_question or ""]
    assert value[:60] == answers.values[name]


@pytest.mark.parametrize(
    ("typed", "fen"),
    [("30", 30_000_000), ("１２．５", 12_500_000), ("1,200万", 1_200_000_000), ("300000元", 30_000_000)],
)
def test_amounts_are_read_as_people_write_them(typed: str, fen: int):
    """Full-width digits, thousands and a unit are no mistake."""
    answers = read_answers({**WHOLE, "amount_wan": typed}, DISTRICTS, BOUNDS)

    assert fen == answers.draft(date(2025, 9, 25)).amount_fen


def test_an_order_id_that_is_none_is_minted_anew():
    """A mangled address must not end in an error."""
    answers = read_answers({**WHOLE, "order_id": "' or 1=1"}, DISTRICTS, BOUNDS)

    assert answers.order_id != UUID(int=7)
    assert ("order_id", str(answers.order_id)) in answers.hidden()


LOAN = UUID(int=9)
SAME = {"purpose": "equipment", "collateral": "none", "district": "500103"}
KINDS = (
    NEW,
    Kind(LoanType.RENEWAL, LOAN, "样品银行", 12_345_678, None, None, {**SAME, "amount_wan": "12.345678"},
         {"places": "1"}),
    Kind(LoanType.DEFERRAL, LOAN, "样品银行", 12_345_678, None, None, SAME,
         {"amount_wan": "12.345678", "places": "1"}),
)  # fmt: skip


def test_who_has_a_choice_of_loans_is_asked_for_it_first():
    """A firm without a loan is never asked; one with a loan is, first of all, and a made-up type is no answer."""
    nothing: dict[str, str] = {}

    assert "amount" == read_answers(nothing, DISTRICTS, BOUNDS).open_question
    assert "kind" == read_answers(WHOLE, DISTRICTS, BOUNDS, kinds=KINDS).open_question
    assert "kind" == read_answers({**WHOLE, "kind": "deferral:1"}, DISTRICTS, BOUNDS, kinds=KINDS).open_question


def test_a_deferral_asks_for_all_that_is_owed_to_the_fen_and_for_nothing_else():
    """What the loan says already is not asked again; what would change the sum or the bank is not heard."""
    typed = {"kind": KINDS[2].value, "term_months": "12", "amount_wan": "50", "places": "3"}

    answers = read_answers(typed, DISTRICTS, BOUNDS, kinds=KINDS)
    draft = answers.draft(date(2026, 3, 10))

    assert answers.open_question is None
    assert (12_345_678, 1, "equipment", LoanType.DEFERRAL, LOAN) == (
        draft.amount_fen, draft.places, draft.purpose, draft.loan_type, draft.of_suborder_id,
    )  # fmt: skip


def test_a_renewal_suggests_what_is_owed_and_hears_another_sum():
    """The suggestion is the balance; a sum that no order may have is asked again."""
    typed = {"kind": KINDS[1].value, "term_months": "12"}

    suggested = read_answers(typed, DISTRICTS, BOUNDS, kinds=KINDS)
    other = read_answers({**typed, "amount_wan": "30"}, DISTRICTS, BOUNDS, kinds=KINDS)

    assert "amount" == suggested.open_question
    assert 30_000_000 == other.draft(date(2026, 3, 10)).amount_fen
