"""Refusal reasons: every way in which one does not hold, in the order the checks run."""

import json
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from app.market.reasons import Claim, Comparison, Held, Item, NotHeld, Source, Status, Why, check, read_tree
from app.market.reasons.rules import PROBLEM_OF, meaning, text_fault

POLICIES = Path(str(files("app"))).parent / "migrations" / "policies"
ON = date(2026, 9, 1)
WORDS = "近十二个月有效开票额低于本产品下限"


def body(kind: str) -> dict[str, object]:
    return dict(json.loads((POLICIES / f"{kind}.json").read_text())[-1]["body"])


TREE = read_tree(1, body("reason"), body("empty_phrase"))
C = Comparison


def item(path: str, value: int | str | None = None, **more: object) -> Item:
    fields = {"source": Source.PACKAGE, "status": Status.VALUE, "as_of_on": date(2026, 8, 1)} | more
    return Item(path, value=value, **fields)  # type: ignore[arg-type]


EVIDENCE = {
    found.path: found
    for found in (
        item("tax.paid_12m_fen", 400_000_00),
        item("registration.founded_on", 20250901),
        item("registration.state", "存续"),
        item("penalties.count_12m", status=Status.NO_RECORD),
        item("utilities.arrears_months", status=Status.NO_RECORD),
        item("tax.tax_credit", "C"),
        item("tax.declared_sales_12m_fen", status=Status.NO_RECORD),
        item("social_insurance.lapsed_months", status=Status.NOT_COLLECTED, as_of_on=None),
        item("judicial.dishonest_listed", 1, as_of_on=date(2021, 1, 1)),
        item("tax.vat_paid_12m_fen", 1, as_of_on=date(2025, 2, 27)),
        item("tax.income_paid_12m_fen", 1, as_of_on=None),
        item("tax.arrears_fen", 5_00, as_of_on=date(2026, 2, 13)),
        item("social_insurance.arrears_fen", 5_00, as_of_on=date(2026, 2, 12)),
        item("bank_input.bank_rating", "D", source=Source.BANK_INPUT),
        item("list.covers_purpose", 0, source=Source.LIST),
        item("pool.covers_amount", 1, source=Source.POOL),
        item("firm_word.gave_up", 1, source=Source.FIRM_WORD),
        item("firm_word.served_elsewhere", 1, source=Source.BANK_INPUT),
        item("invoices.turnover_12m_fen", 5, source=Source.ORDER),
    )
}

CASES = [
    ("true", "D1", Claim("tax.paid_12m_fen", C.LT, 500_000_00), None),
    ("false", "D1", Claim("tax.paid_12m_fen", C.LT, 300_000_00), Why.CLAIM_FALSE),
    ("on the edge", "D1", Claim("tax.paid_12m_fen", C.LT, 400_000_00), Why.CLAIM_FALSE),
    ("on the edge, or equal", "D1", Claim("tax.paid_12m_fen", C.LE, 400_000_00), None),
    ("true of everybody", "D1", Claim("tax.paid_12m_fen", C.LT, 10**18), Why.VALUE_NOT_ALLOWED),
    ("wrong way round", "D1", Claim("tax.paid_12m_fen", C.GT, 1), Why.COMPARISON_NOT_ALLOWED),
    ("a text for a number", "D1", Claim("tax.paid_12m_fen", C.LT, "500"), Why.CLAIM_FALSE),
    ("nothing to compare with", "D1", Claim("tax.paid_12m_fen", C.LT), Why.VALUE_NOT_ALLOWED),
    ("yes is no number", "D1", Claim("tax.paid_12m_fen", C.LT, True), Why.VALUE_NOT_ALLOWED),
    ("another reason's path", "D1", Claim("tax.tax_credit", C.EQ, "C"), Why.PATH_NOT_ALLOWED),
    ("no claim", "D1", None, Why.CLAIM_MISSING),
    ("a listed text", "D2", Claim("tax.tax_credit", C.EQ, "C"), None),
    ("another listed text", "D2", Claim("tax.tax_credit", C.EQ, "D"), Why.CLAIM_FALSE),
    ("an unlisted text", "D2", Claim("tax.tax_credit", C.EQ, "A"), Why.VALUE_NOT_ALLOWED),
    ("a number for a text", "D2", Claim("tax.tax_credit", C.EQ, 3), Why.VALUE_NOT_ALLOWED),
    ("not in the evidence", "B2", Claim("judicial.enforcement_count", C.GE, 1), Why.ITEM_MISSING),
    ("what still stands is not stale", "B2", Claim("judicial.dishonest_listed", C.EQ, 1), None),
    ("stale", "D1", Claim("tax.vat_paid_12m_fen", C.LT, 9_00), Why.ITEM_STALE),
    ("no date where an age is asked for", "D1", Claim("tax.income_paid_12m_fen", C.LT, 9_00), Why.ITEM_STALE),
    ("as old as it may be", "D5", Claim("tax.arrears_fen", C.GE, 1), None),
    ("a day older than it may be", "D5", Claim("social_insurance.arrears_fen", C.GE, 1), Why.ITEM_STALE),
    ("nothing there proves no number", "C2", Claim("tax.declared_sales_12m_fen", C.LT, 9_00), Why.ITEM_NO_RECORD),
    ("never asked proves no number", "D3", Claim("social_insurance.lapsed_months", C.GE, 1), Why.ITEM_NOT_COLLECTED),
    ("asked and nothing there", "D4", Claim("tax.declared_sales_12m_fen", C.NO_RECORD), None),
    ("asked is not never asked", "D4", Claim("tax.declared_sales_12m_fen", C.NOT_COLLECTED), Why.CLAIM_FALSE),
    ("never asked", "D4", Claim("social_insurance.lapsed_months", C.NOT_COLLECTED), None),
    ("never asked is not asked", "D4", Claim("social_insurance.lapsed_months", C.NO_RECORD), Why.ITEM_NOT_COLLECTED),
    ("there is a value", "D4", Claim("tax.paid_12m_fen", C.NOT_COLLECTED), Why.CLAIM_FALSE),
    ("absence has no value", "D4", Claim("tax.declared_sales_12m_fen", C.NO_RECORD, 0), Why.VALUE_NOT_ALLOWED),
    ("the bank's own rating", "B4", Claim("bank_input.bank_rating", C.EQ, "D"), None),
    ("the wrong source", "C2", Claim("invoices.turnover_12m_fen", C.LT, 9_00), Why.SOURCE_NOT_ALLOWED),
    ("the bank's own list", "F1", Claim("list.covers_purpose", C.EQ, 0), None),
    ("the pool has money", "I2", Claim("pool.covers_amount", C.EQ, 0), Why.CLAIM_FALSE),
    ("the firm's word", "H1", Claim("firm_word.gave_up", C.EQ, 1), None),
    ("the firm said nothing", "H4", Claim("firm_word.terms_declined", C.EQ, 1), Why.FIRM_WORD_MISSING),
    ("the bank speaks for the firm", "H3", Claim("firm_word.served_elsewhere", C.EQ, 1), Why.FIRM_WORD_MISSING),
    ("no such code", "Z9", None, Why.UNKNOWN),
    ("founded when it was", "A1", Claim("registration.founded_on", C.GE, 20250101), None),
    ("founded after 1900", "A1", Claim("registration.founded_on", C.GT, 19000101), Why.VALUE_NOT_ALLOWED),
    ("founded tomorrow", "A1", Claim("registration.founded_on", C.GE, 20260902), Why.VALUE_NOT_ALLOWED),
    ("no day", "A1", Claim("registration.founded_on", C.GE, 20251340), Why.VALUE_NOT_ALLOWED),
    ("in good standing", "A2", Claim("registration.state", C.EQ, "存续"), Why.VALUE_NOT_ALLOWED),
    ("not one of many bad states", "A2", Claim("registration.state", C.NE, "吊销"), Why.COMPARISON_NOT_ALLOWED),
    ("a bad state that it is not in", "A2", Claim("registration.state", C.EQ, "吊销"), Why.CLAIM_FALSE),
    ("no penalty is no missing data", "D4", Claim("penalties.count_12m", C.NO_RECORD), Why.COMPARISON_NOT_ALLOWED),
    (
        "no arrears are no missing data",
        "D4",
        Claim("utilities.arrears_months", C.NO_RECORD),
        Why.COMPARISON_NOT_ALLOWED,
    ),
    ("below a thousand million", "C2", Claim("tax.declared_sales_12m_fen", C.LT, 10**11), Why.VALUE_NOT_ALLOWED),
    ("more than less than nothing", "D5", Claim("tax.arrears_fen", C.GE, -1), Why.VALUE_NOT_ALLOWED),
]


@pytest.mark.parametrize(("title", "code", "claim", "why"), CASES, ids=[case[0] for case in CASES])
def test_a_reason_holds_only_where_its_evidence_bears_it_out(
    title: str, code: str, claim: Claim | None, why: Why | None
) -> None:
    """True, false, missing and stale items, and every claim that proves nothing."""
    answer = check(TREE, code, WORDS, claim, EVIDENCE, ON)

    if why is None:
        assert isinstance(answer, Held)
        assert claim is not None
        assert EVIDENCE[claim.path] == answer.item
    else:
        assert NotHeld(why) == answer


def test_a_reason_outside_its_dates_is_unknown() -> None:
    """The rules change: a reason holds from its first day on and not on its last."""
    before, after = date(2022, 2, 28), date(2022, 3, 1)
    claim = Claim("list.covers_purpose", C.EQ, 0)

    answers = [check(TREE, "F1", WORDS, claim, EVIDENCE, on) for on in (before, after)]

    assert NotHeld(Why.NOT_IN_FORCE) == answers[0]
    assert isinstance(answers[1], Held)


def test_before_accept_only_the_order_and_the_banks_own_list_and_pool_are_evidence() -> None:
    """A bank that has not accepted has seen no package, so nothing in one can be its reason."""
    from_pushed = {code for code, reason in TREE.reasons.items() if reason.from_pushed}

    own = {"order", "list", "pool"}

    assert {"A3", "E1", "F1", "I1", "I2", "I3", "I4"} == from_pushed
    answer = check(TREE, "D1", WORDS, Claim("tax.paid_12m_fen", C.LT, 500_000_00), EVIDENCE, ON, from_pushed=True)
    assert NotHeld(Why.NOT_FROM_PUSHED) == answer
    for code in from_pushed:
        assert any({source.value for source in proof.sources} <= own for proof in TREE.reasons[code].proofs)


def test_before_accept_a_package_item_is_no_evidence_even_for_an_allowed_code() -> None:
    """E1 may rest on the bank's list before accept, but not on collateral it has not seen."""
    evidence = {"bank_input.guarantee_fen": item("bank_input.guarantee_fen", 5, source=Source.BANK_INPUT)}
    claim = Claim("bank_input.guarantee_fen", C.LT, 100)

    accepted = check(TREE, "E1", WORDS, claim, evidence, ON)
    pushed = check(TREE, "E1", WORDS, claim, evidence, ON, from_pushed=True)

    assert isinstance(accepted, Held)
    assert NotHeld(Why.SOURCE_NOT_ALLOWED) == pushed


EMPTY = [
    "综合评分不足",
    "综 合 评 分 不 足 ！！！！！！！！！！",
    "综合评分不足，综合评分不足，综合评分不足",
    "ＣＯＭＰＲＥＨＥＮＳＩＶＥ　ｓｃｏｒｅ too low",
    "综​合​评​分​不​足",
    "很抱歉，您的申请综合评分不足，暂不符合我行准入条件，敬请谅解。",
    "经我行综合评估，贵公司不符合本行条件，感谢您的理解与支持！",
    "系统自动判定：综合评分过低，不予通过。",
    "啊啊啊啊啊啊啊啊啊啊啊啊",
]


@pytest.mark.parametrize("text", EMPTY)
def test_words_that_fit_every_refusal_are_no_reason(text: str) -> None:
    """However they are spaced, pointed or widened."""
    assert Why.TEXT_EMPTY == text_fault(text, TREE.wording)


@pytest.mark.parametrize(
    "text", ["本行对贵企业的评级为最低一档，暂不符合准入条件。", "很抱歉，贵公司成立仅七个月，不符合准入条件。"]
)
def test_a_short_fact_among_courtesies_is_a_reason(text: str) -> None:
    """What counts is what is left when the words that fit every refusal are gone."""
    assert text_fault(text, TREE.wording) is None


@pytest.mark.parametrize("text", ["", "   ", "。。。。。。。。。。。。", "太低", "1", "收入不足下限啊呀"])
def test_less_than_ten_letters_are_too_short(text: str) -> None:
    """Signs and blanks say nothing and are not counted."""
    assert Why.TEXT_SHORT == text_fault(text, TREE.wording)


@pytest.mark.parametrize(
    "text",
    [
        WORDS,
        "综合评分不足：近三年连续亏损，且资产负债率高于百分之九十",
        "目前负债率百分之九十二",
        "We measured turnover below 50",
    ],
)
def test_words_that_say_something_hold(text: str) -> None:
    """An empty phrase beside real words does no harm."""
    assert text_fault(text, TREE.wording) is None


def test_every_package_path_of_the_tree_is_in_the_catalogue() -> None:
    """A reason whose path no package can hold could never be proved."""
    items = body("catalogue")["items"]
    assert isinstance(items, list)
    paths = {figure[0] for one in items for figure in one["figures"]}

    for reason in TREE.reasons.values():
        for proof in reason.proofs:
            if Source.PACKAGE in proof.sources:
                assert any(proof.path.fullmatch(path) for path in paths), f"{reason.code}: {proof.path.pattern}"


def test_every_why_has_a_problem() -> None:
    """A new way of not holding cannot be forgotten by the web."""
    assert set(Why) == set(PROBLEM_OF)


def test_the_tree_names_the_whole_taxonomy_in_both_languages() -> None:
    """Groups A to I; a curable reason says how; a reason that speaks for the firm takes only its word."""
    assert set("ABCDEFGHI") == {reason.group for reason in TREE.reasons.values()}
    for reason in TREE.reasons.values():
        assert all((reason.text_zh, reason.text_en))
        assert reason.curable == bool(reason.cure_zh) == bool(reason.cure_en)
        assert reason.proofs, "every reason can be checked"
        if reason.needs_firm_word:
            assert all({Source.FIRM_WORD} == set(proof.sources) for proof in reason.proofs)


def test_the_phrases_are_normalised_and_long_ones_go_first() -> None:
    """Otherwise a part of a phrase would be cut out of its middle and leave rubble that counts as words."""
    lengths = [len(phrase) for phrase in TREE.wording.empty_phrases]

    assert sorted(lengths, reverse=True) == lengths
    assert all(meaning(phrase) == phrase for phrase in TREE.wording.empty_phrases)
