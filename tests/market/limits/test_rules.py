"""Running decision documents: what goes in and out, and what a broken one may not do."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.market.limits import BadModel, Measured, measure, read_model
from app.market.limits.rules import FACT_MAX, OUTPUTS, Shown, changes, effects, features_hash
from tests.support import REPOSITORY

POLICIES = json.loads((REPOSITORY / "migrations" / "policies" / "limit_model.json").read_text())
MODELS = {row["key"]: read_model(row["body"]) for row in POLICIES}
WAN = 1_000_000


def document(**expressions: str) -> str:
    """A document of one step that puts out the five figures, changed as asked."""
    outputs = dict.fromkeys(OUTPUTS, "1") | {"why": "null"} | expressions
    step = {
        "id": "step", "name": "step", "type": "expressionNode",
        "content": {"expressions": [{"id": key, "key": key, "value": value} for key, value in outputs.items()]},
    }  # fmt: skip
    nodes = [{"id": "in", "name": "in", "type": "inputNode"}, step, {"id": "out", "name": "out", "type": "outputNode"}]
    edges = [("in", "step"), ("step", "out")]
    wires = [{"id": f"{a}-{b}", "type": "edge", "sourceId": a, "targetId": b} for a, b in edges]
    return json.dumps({"nodes": nodes, "edges": wires})


@pytest.mark.parametrize(
    "expressions",
    [
        {"amount_fen": "10 / 4"},
        {"amount_fen": "'100'"},
        {"amount_fen": "true"},
        {"amount_fen": "null"},
        {"amount_fen": "-1"},
        {"amount_fen": "0"},
        {"rate_ppm": "0"},
        {"why": "'no'"},
        {"why": "3"},
        {"amount_fen": "missing + 1"},
        {"raw_amount_fen": "x * 1000000000000000 * 1000000000000000"},
    ],
)
def test_a_document_that_breaks_its_contract_shows_nobody_an_amount(expressions: dict[str, str]) -> None:
    """No float, no text, no amount beside a reason, no zero without one."""
    answer = measure(document(**expressions), {"x": 10**15})

    assert isinstance(answer, BadModel)
    assert "0:" not in answer.fault, "the engine's stack stays inside"


@pytest.mark.parametrize("broken", ["", "{}", "[]", '{"nodes": [], "edges": []}', "not json"])
def test_what_is_no_document_is_a_bad_model(broken: str) -> None:
    """And no exception for a firm to see."""
    assert isinstance(measure(broken, {}), BadModel)


def test_a_division_is_floored_inside_and_stays_exact_beyond_what_a_float_holds() -> None:
    """A float has 53 bits; fen of a large firm times ppm have more."""
    turnover = 9_007_199_254_740_993 % FACT_MAX

    answer = measure(document(raw_amount_fen="floor(turnover * 123457 / 1000000)"), {"turnover": turnover})

    assert isinstance(answer, Measured)
    assert turnover * 123_457 // 1_000_000 == answer.raw_amount_fen


def test_facts_beyond_reason_are_refused() -> None:
    """The engine's decimals run over before PostgreSQL's bigint does."""
    assert isinstance(measure(document(), {"x": FACT_MAX}), Measured)
    assert BadModel("fact out of range: x") == measure(document(), {"x": FACT_MAX + 1})


def _floats(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [found for inner in value.values() for found in _floats(inner)]
    if isinstance(value, list | tuple):
        return [found for inner in value for found in _floats(inner)]
    return [value] if isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool)) else []


SHARES = st.none() | st.integers(0, 1_000_000)
SUMS = st.none() | st.integers(-(10**12), FACT_MAX)
FACTS = st.fixed_dictionaries(
    {
        "bank_rating": st.sampled_from(["A", "B", "C", "D", "x", None]), "turnover_12m_fen": SUMS,
        "void_share_ppm": SHARES, "return_share_ppm": SHARES, "tax_paid_12m_fen": SUMS,
        "tax_credit": st.sampled_from(["A", "B", "M", "C", "D", None]),
        "dishonest_listed": st.sampled_from([None, 0, 1]),
    }
)  # fmt: skip


@pytest.mark.parametrize("key", sorted(MODELS))
@given(facts=FACTS)
def test_every_model_that_ships_answers_every_fact_within_its_bounds(key: str, facts: dict[str, Any]) -> None:
    """Whole 万 inside the bounds or zero with words for it; numbers of the trace are texts."""
    model = MODELS[key]

    answer = measure(model.text, {entry.name: facts[entry.name] for entry in model.inputs})

    assert isinstance(answer, Measured)
    assert [] == _floats(list(answer.trace))
    if answer.why is None:
        assert model.bounds.amount_min_fen <= answer.amount_fen <= model.bounds.amount_max_fen
        assert model.bounds.rate_min_ppm <= answer.rate_ppm <= model.bounds.rate_max_ppm
        assert 0 == answer.amount_fen % WAN
    else:
        assert 0 == answer.amount_fen
        assert answer.why in model.whys


@pytest.mark.parametrize("key", sorted(MODELS))
def test_a_model_says_why_for_every_reason_that_its_document_names(key: str) -> None:
    """Words for every code, no words for none; in both languages, with what would change it."""
    gate = next(node for node in MODELS[key].document["nodes"] if node["id"] == "gate")
    named = {rule["o0"].strip("'") for rule in gate["content"]["rules"]} - {"null"}

    assert named == set(MODELS[key].whys)
    for words in MODELS[key].whys.values():
        assert all((words.zh, words.en, words.change_zh, words.change_en))


def test_a_bank_that_edits_a_cell_changes_the_limit_without_a_line_of_code() -> None:
    """The rating table's factor for B from 0.8 to 0.5."""
    facts = {"bank_rating": "B", "turnover_12m_fen": 5_000 * WAN, "void_share_ppm": 0, "return_share_ppm": 0}
    text = MODELS["invoices_rated"].text

    before, after = measure(text, facts), measure(text.replace('"800000"', '"500000"'), facts)

    assert isinstance(before, Measured)
    assert isinstance(after, Measured)
    assert (41 * WAN, 26 * WAN) == (before.amount_fen, after.amount_fen)


def test_the_trace_tells_which_row_of_the_table_was_taken() -> None:
    """The explanation is the engine's own, step by step in running order."""
    facts = {"bank_rating": "D", "turnover_12m_fen": 5_000 * WAN, "void_share_ppm": 0, "return_share_ppm": 0}

    answer = measure(MODELS["invoices_rated"].text, facts)

    assert isinstance(answer, Measured)
    assert ["known", "gate", "rating", "measure", "bound"] == [step["step"] for step in answer.trace]
    assert "1" == answer.trace[1]["data"]["index"]


def test_equal_facts_of_equal_models_have_equal_hashes_and_others_not() -> None:
    """An estimate can be told from another by its hash alone."""
    base = features_hash("m", 1, {"a": 1, "b": None})

    assert base == features_hash("m", 1, {"b": None, "a": 1})
    assert 5 == len(
        {base, features_hash("m", 2, {"a": 1, "b": None}), features_hash("m", 1, {"a": 1, "b": 0}),
         features_hash("m", 1, {"a": "1", "b": None}), features_hash("n", 1, {"a": 1, "b": None})}
    )  # fmt: skip


def shown(name: str, value: str | int | None, status: str = "value") -> Shown:
    return {"name": name, "value": value, "status": status}


def test_only_what_moved_explains_another_estimate() -> None:
    """Another value, or known where it was not; the same again and what only one model reads explain nothing."""
    before = [shown("tax", 18), shown("credit", "A"), shown("listed", None, "not_collected"), shown("old", 1)]
    after = [shown("tax", 6), shown("credit", "A"), shown("listed", None, "no_record"), shown("new", 1)]

    found = changes(before, after)

    assert [("tax", 18, 6), ("listed", None, None)] == [(old["name"], old["value"], new["value"]) for old, new in found]


def test_what_each_change_did_adds_up_to_the_whole_difference() -> None:
    """A firm that lost 12 万 must find 12 万 in the lines, whatever the order; another document has its own line."""
    then = measure(document(amount_fen="a * 10 + b"), {"a": 9, "b": 5})
    now = measure(document(amount_fen="a * 8 + b"), {"a": 4, "b": 7})
    assert isinstance(then, Measured)
    assert isinstance(now, Measured)

    done = effects(document(amount_fen="a * 8 + b"), {"a": 9, "b": 5}, {"a": 4, "b": 7}, ["a", "b"], then.amount_fen)

    assert (-18, (-40, 2)) == done
    assert now.amount_fen - then.amount_fen == -18 - 40 + 2


def test_nothing_is_said_where_the_document_gives_no_answer_on_the_way() -> None:
    """A guess about what a change did is worse than none."""
    broken = document(amount_fen="a > 5 ? 10 : -1")

    assert effects(broken, {"a": 9}, {"a": 4}, ["a"], 10) is None
