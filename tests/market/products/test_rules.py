"""A head office's documents as tables: what is read, what is refused, what is checked."""

import copy
import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.credit import catalogue
from app.market.limits import BadModel, measure, read_model
from app.market.products.rules import (
    BadCell,
    Brackets,
    Condition,
    Flaw,
    Held,
    Malformed,
    Said,
    Table,
    Unit,
    changes,
    check,
    moved,
    parse,
    read_sheet,
    shown_cell,
    typed_cell,
    vet,
    with_formula,
    with_rows,
    write_shape,
)
from app.market.products.rules.cells import read_cell, write_cell
from app.market.products.rules.checking import first_row
from tests.support import REPOSITORY

POLICIES = json.loads((REPOSITORY / "migrations" / "policies" / "limit_model.json").read_text())
BODIES: dict[str, dict[str, Any]] = {row["key"]: row["body"] for row in POLICIES}
WAN = 1_000_000


def facts() -> dict[str, frozenset[str]]:
    row = json.loads((REPOSITORY / "migrations" / "policies" / "catalogue.json").read_text())[-1]
    edition = catalogue.read_edition(row["version"], date(2022, 3, 1), None, row["body"])
    found: dict[str, set[str]] = {}
    for item in edition.items.values():
        found.setdefault(item.data_class.value, set()).update(figure.path for figure in item.figures)
    return {name: frozenset(paths) for name, paths in found.items()}


FACTS = facts()


def flaws(body: dict[str, Any]) -> set[Flaw]:
    return {fault.flaw for fault in vet(read_model(body), FACTS)}


@pytest.mark.parametrize("key", sorted(BODIES))
def test_every_shipped_document_may_be_kept_and_passes_its_checks(key: str):
    """An editor that refuses what runs today would be no editor."""
    model = read_model(BODIES[key])

    assert vet(model, FACTS) == ()
    assert check(model).findings == ()


def node(body: dict[str, Any], node_id: str) -> dict[str, Any]:
    return next(one for one in body["document"]["nodes"] if one["id"] == node_id)  # type: ignore[no-any-return]


def _code_node(body: dict[str, Any]) -> None:
    body["document"]["nodes"].insert(1, {"id": "js", "type": "functionNode", "name": "x", "content": {"source": "1"}})


def _rename(body: dict[str, Any]) -> None:
    body["inputs"][1]["path"] = "judicial.everything"


def first(body: dict[str, Any], value: str) -> None:
    node(body, "measure")["content"]["expressions"][0]["value"] = value


HOSTILE = {
    "code": (_code_node, Flaw.KIND),
    "a call": (lambda b: node(b, "gate")["content"]["rules"][0].update(i0="len(x) > 2"), Flaw.CELL),
    "a member": (lambda b: first(b, "turnover_fen.x"), Flaw.FORMULA),
    "a fraction": (lambda b: first(b, "turnover_fen / 3"), Flaw.FORMULA),
    "not a number": (lambda b: first(b, "NaN"), Flaw.UNKNOWN_FACT),
    "a negative rate": (lambda b: node(b, "rating")["content"]["rules"][0].update(o1="-5"), Flaw.OUTPUT),
    "a negative bound": (lambda b: b["bounds"].update(rate_min_ppm=-1), Flaw.BOUNDS),
    "a text for a rate": (lambda b: node(b, "rating")["content"]["rules"][0].update(o1="'A'"), Flaw.NUMBER),
    "an unknown reason": (lambda b: node(b, "gate")["content"]["rules"][0].update(o0="'because'"), Flaw.WHY),
    "an unknown fact": (_rename, Flaw.UNKNOWN_FACT),
    "a fact made later": (
        lambda b: node(b, "known")["content"]["expressions"][0].update(value="rated_fen"), Flaw.UNKNOWN_FACT,
    ),
    "a cut chain": (lambda b: b["document"]["edges"].pop(), Flaw.CHAIN),
    "a loop": (lambda b: b["document"]["edges"][-1].update(targetId="known"), Flaw.CHAIN),
    "a hit policy": (lambda b: node(b, "gate")["content"].update(hitPolicy="collect"), Flaw.SETTING),
    "many rows": (lambda b: node(b, "gate")["content"]["rules"].extend([{"_id": "x"}] * 200), Flaw.TOO_MANY),
    "a huge text": (lambda b: b.update(title_zh="长" * 70_000), Flaw.TOO_LARGE),
    "a kind that is a list": (lambda b: node(b, "gate").update(type=["x"]), Flaw.NAME),
    "a missing output": (lambda b: node(b, "bound")["content"]["expressions"].pop(), Flaw.MISSING),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_document_is_refused_before_any_engine_sees_it(name: str):
    """Each with its own word, so that an honest author learns what to mend."""
    spoil, flaw = HOSTILE[name]
    body = copy.deepcopy(BODIES["invoices_rated"])

    spoil(body)

    assert flaw in flaws(body)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("(" * 60 + "1" + ")" * 60, Malformed.TOO_DEEP), ("1" + "+1" * 900, Malformed.TOO_LONG),
        ("map(x, # > 1)", Malformed.SYMBOL), ("sum([1])", Malformed.FUNCTION), ("$root", Malformed.SYMBOL),
        ("1e9", Malformed.SYMBOL), ("9" * 40, Malformed.NUMBER), ("a b", Malformed.FORM), ("a[0]", Malformed.FORM),
        ("`x`", Malformed.SYMBOL), ("-5", Malformed.FORM),
    ],
)  # fmt: skip
def test_what_the_grammar_does_not_know_is_named(text: str, fault: Malformed):
    """A formula is refused for a reason, and without falling over its own depth."""
    assert fault == parse(text)


conditions = st.one_of(
    st.just(Condition()), st.just(Condition("null")),
    st.builds(
        lambda kind, values: Condition(kind, tuple(dict.fromkeys(values))), st.sampled_from(["in", "not_in"]),
        st.lists(st.sampled_from(["A", "B", "C", "M"]), min_size=1, max_size=3),
    ),
)  # fmt: skip
spans = st.builds(
    lambda low, more, low_in, high_in: Condition(
        "span", low=low, high=low + more if more else None, low_in=low_in, high_in=high_in or not more
    ),
    st.integers(0, 10**9), st.integers(0, 10**6), st.booleans(), st.booleans(),
)  # fmt: skip


@given(conditions | spans)
def test_a_cell_survives_the_engines_words_and_peoples(condition: Condition):
    """What is shown may be typed again, in either language, and means the same."""
    unit = Unit.COUNT if condition.kind == "span" else Unit.TEXT

    assert condition == read_cell(write_cell(condition))
    for language in ("zh", "en"):
        assert condition == typed_cell(shown_cell(condition, unit, language), unit)


@given(conditions, st.sampled_from([None, "A", "B", "C", "M", "Z"]))
def test_a_text_cell_holds_as_the_engine_decides_it(condition: Condition, value: str | None):
    """The checks reason about rows without the engine; they must agree with it."""
    assert condition.holds(value) == _engine_takes(condition, value)


@given(spans, st.integers(-2, 2), st.booleans())
def test_a_number_cell_holds_as_the_engine_decides_it(condition: Condition, beside: int, at_top: bool):
    """The same for spans, at and beside both ends."""
    end = condition.high if at_top and condition.high is not None else condition.low
    assert end is not None
    value = end + beside

    assert condition.holds(value) == _engine_takes(condition, value)


def _engine_takes(condition: Condition, value: str | int | None) -> bool:
    """Whether the engine takes a row with this one cell: it then says `not_rated`, else an amount."""
    table = {
        "hitPolicy": "first", "passThrough": True, "inputField": None, "outputPath": None, "executionMode": "single",
        "inputs": [{"id": "i", "name": "x", "field": "x"}], "outputs": [{"id": "o", "name": "why", "field": "why"}],
        "rules": [{"_id": "1", "i": write_cell(condition), "o": "'taken'"}, {"_id": "2", "i": "", "o": "null"}],
    }  # fmt: skip
    made = [
        {"id": name, "key": name, "value": f"why == null ? {number} : 0"}
        for name, number in (
            ("amount_fen", 1), ("rate_ppm", 1), ("term_months", 1), ("raw_amount_fen", 1), ("raw_rate_ppm", 1)
        )
    ]  # fmt: skip
    content = {
        "expressions": made, "passThrough": True, "inputField": None, "outputPath": None, "executionMode": "single",
    }  # fmt: skip
    nodes = [
        {"id": "a", "name": "a", "type": "inputNode"},
        {"id": "t", "name": "t", "type": "decisionTableNode", "content": table},
        {"id": "e", "name": "e", "type": "expressionNode", "content": content},
        {"id": "z", "name": "z", "type": "outputNode"},
    ]
    edges = [
        {"id": f"{a}{b}", "type": "edge", "sourceId": a, "targetId": b} for a, b in (("a", "t"), ("t", "e"), ("e", "z"))
    ]
    measured = measure(json.dumps({"nodes": nodes, "edges": edges}), {"x": value})
    assert not isinstance(measured, BadModel), measured
    return measured.why == "taken"


def test_sums_and_shares_are_typed_in_peoples_units():
    """万元 and percent; a fraction of a fen is said, not rounded."""
    assert Condition("span", low=5 * WAN, high=10 * WAN, high_in=False) == typed_cell("≥ 5 万 且 < 10 万", Unit.FEN)
    assert Condition("span", low=20_000, high=55_000) == typed_cell("2 至 5.5 %", Unit.PPM)
    assert BadCell.TOO_FINE == typed_cell("> 0.00001", Unit.PPM)
    assert BadCell.EMPTY_SPAN == typed_cell("≥ 5 且 < 5", Unit.FEN)
    assert BadCell.NEGATIVE == typed_cell("> -1", Unit.FEN)
    assert BadCell.NO_FLAG == typed_cell("maybe", Unit.FLAG)


def table(body: dict[str, Any], step_id: str) -> Table:
    step = read_sheet(read_model(body)).step(step_id)
    assert isinstance(step, Table)
    return step


def found(body: dict[str, Any]) -> set[Said]:
    model = read_model(body)
    return {one.said for one in check(model).findings}


def test_a_table_without_its_last_row_is_told_what_falls_through():
    """Facts that no row takes leave a hole that the engine would fall into."""
    body = BODIES["invoices_rated"]

    holed = with_rows(body, "rating", table(body, "rating").rows[:-1])

    assert {Said.GAP, Said.BROKEN} <= found(holed)


def test_a_row_behind_one_that_takes_everything_is_told_that_nothing_reaches_it():
    """It looks like a rule and is none."""
    body = BODIES["invoices_rated"]
    rows = moved(table(body, "rating").rows, "add", 0)

    shadowed = with_rows(body, "rating", rows)

    assert Said.UNREACHED in found(shadowed)
    assert first_row(table(shadowed, "rating"), ("A",)) == 0


def test_an_amount_beyond_the_bounds_is_found():
    """The bounds of a model are a promise of its own."""
    body = copy.deepcopy(BODIES["tax"])
    body["bounds"]["amount_max_fen"] = 100 * WAN

    assert Said.OUT_OF_BOUNDS in found(body)


def test_a_loan_that_shrinks_when_turnover_doubles_is_found():
    """A bracket that takes away what the one below gave."""
    body = BODIES["invoices"]
    text = "why == null ? (turnover_fen > 1000000000 ? 10000000 : floor($.share_fen * credit_factor_ppm / 1000000)) : 0"

    falling = with_formula(body, "measure", "raw_amount_fen", text)

    assert vet(read_model(falling), FACTS) == ()
    assert Said.FALLS in found(falling)


def test_bounds_in_a_formula_are_the_bounds_of_the_model():
    """Two places for one number would soon be two numbers."""
    body = BODIES["tax"]
    held = Held(10 * WAN, 150 * WAN, parse("1"), "floor(raw_amount_fen / 1000000) * 1000000")  # type: ignore[arg-type]

    changed = with_formula(body, "bound", "amount_fen", write_shape(held))

    assert (10 * WAN, 150 * WAN) == (changed["bounds"]["amount_min_fen"], changed["bounds"]["amount_max_fen"])


def test_a_difference_is_told_row_by_row_in_words():
    """A second person approves sentences, not a document."""
    body = BODIES["invoices"]
    brackets = Brackets("usable_fen", ((2_000 * WAN, 90_000), (None, 20_000)))
    changed = with_formula(body, "measure", "share_fen", write_shape(brackets))

    told = changes(*(read_sheet(read_model(one)) for one in (body, changed)), "zh")

    assert ["按阶梯比例折算的金额 = 扣除作废、退货后的开票额 0 万元 至 2,000 万元 的部分按 9 %"] == [
        one.after for one in told
    ]


def test_an_unchanged_document_shows_no_difference():
    sheet = read_sheet(read_model(BODIES["invoices"]))

    assert () == changes(sheet, sheet, "en")
