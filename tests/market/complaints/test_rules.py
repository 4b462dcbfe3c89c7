"""Who may do what with a complaint, in every state: the whole table, written a second time by hand."""

import json
from datetime import timedelta
from itertools import product

import pytest

from app.market.complaints import rules
from app.market.complaints.rules import Act, Facts, Finding, Handling, Moved, Refused, Side, State, Why
from app.market.complaints.schemas import read_categories, read_handling
from tests.support import REPOSITORY, shanghai

HANDLING = Handling(words_min=6, silent_days=10)
NOW = shanghai("2026-03-10 10:00")
SAID = "受理以后一直没有人联系"
# State: what each side may do there, and where it leads. `!` only once the answer is late, `*` only after silence.
TABLE = """
none          firm file filed | service file filed
filed         bank acknowledge acknowledged | bank answer answered | firm withdraw withdrawn | service escalate! escalated | clock breach filed
acknowledged  bank answer answered | firm withdraw withdrawn | service escalate! escalated | clock breach acknowledged
answered      firm accept accepted | firm dispute disputed | firm withdraw withdrawn | service close* closed
disputed      bank answer answered | firm withdraw withdrawn | service escalate escalated | service close closed
escalated     bank answer escalated | firm withdraw withdrawn | regulator close closed
accepted
closed
withdrawn
"""  # noqa: E501
ROWS = {
    (State(state), Act(act.strip("!*")), Side(side)): (State(to), act[-1] if act[-1] in "!*" else "")
    for state, _, cells in (line.partition(" ") for line in TABLE.strip().splitlines())
    for side, act, to in (cell.split() for cell in cells.split("|") if cell.strip())
}


@pytest.mark.parametrize("state", State)
def test_every_state_lets_each_side_do_what_the_table_says_and_nothing_else(state: State):
    """All states, acts and sides, late or not, within the firm's days or after them."""
    for act, side, is_late, is_over in product(Act, Side, (False, True), (False, True)):
        facts = Facts(state, is_late, NOW if is_over else NOW + timedelta(seconds=1))
        found = rules.judge(facts, act, side, HANDLING, said=SAID, finding=Finding.FOUNDED, now=NOW)
        to, condition = ROWS.get((state, act, side), (None, ""))
        expected = to is not None and {"!": is_late, "*": is_over, "": True}[condition]

        assert isinstance(found, Moved) == expected, (act, side, is_late, is_over, found)
        if isinstance(found, Moved):
            assert (found.to, found.is_end) == (to, to in rules.TERMINAL)
        assert (act in rules.allowed(facts, side, NOW)) == expected


def test_the_table_of_the_rules_is_the_one_written_here():
    """A row that no side can take would be dead."""
    assert {(state, act, to) for (state, act, _side), (to, _condition) in ROWS.items()} == rules.TRANSITIONS


def test_nothing_leaves_an_end_and_every_other_state_can_be_left_by_the_firm_alone():
    """A complaint that hangs by somebody else's silence can always be withdrawn."""
    for state in State:
        left = {act for start, act, to in rules.TRANSITIONS if start is state and to is not state}

        assert (left == set()) == (state in rules.TERMINAL)
        assert state in (*rules.TERMINAL, State.NONE) or Act.WITHDRAW in left


@pytest.mark.parametrize("said", ["", "。。。。。。。。", "啊啊啊啊啊啊啊啊", "   投诉   ", "……不好……"])
@pytest.mark.parametrize(
    ("state", "act", "side"),
    [
        (State.NONE, Act.FILE, Side.FIRM), (State.FILED, Act.ANSWER, Side.BANK),
        (State.ANSWERED, Act.DISPUTE, Side.FIRM), (State.DISPUTED, Act.ESCALATE, Side.SERVICE),
        (State.DISPUTED, Act.CLOSE, Side.SERVICE),
    ],
)  # fmt: skip
def test_words_that_say_nothing_are_refused(state: State, act: Act, side: Side, said: str):
    """An answer of six full stops is no answer."""
    found = rules.judge(Facts(state), act, side, HANDLING, said=said, finding=Finding.PARTLY, now=NOW)

    assert found == Refused("reason-empty", Why.WORDS)


def test_closing_needs_a_finding():
    """Whether the firm was right is what the figures are made of."""
    found = rules.judge(Facts(State.DISPUTED), Act.CLOSE, Side.SERVICE, HANDLING, said=SAID, now=NOW)

    assert found == Refused("malformed-field", Why.FINDING)


def test_an_answer_keeps_both_promises_and_an_acknowledgement_the_first():
    """Whoever answers at once has acknowledged as well."""
    acknowledged = rules.judge(Facts(State.FILED), Act.ACKNOWLEDGE, Side.BANK, HANDLING, now=NOW)
    answered = rules.judge(Facts(State.FILED), Act.ANSWER, Side.BANK, HANDLING, said=SAID, now=NOW)

    assert isinstance(acknowledged, Moved)
    assert isinstance(answered, Moved)
    assert (acknowledged.stops, answered.stops) == ((rules.ACK,), (rules.ACK, rules.ANSWER_BY))


def test_the_shipped_categories_are_those_of_the_regulation_and_of_the_service_promise():
    """Six of the regulation's article 28, two of the promise, and one for all else; each in both languages."""
    rows = json.loads((REPOSITORY / "migrations/policies/complaint.json").read_text())
    found = {row["key"]: row["body"] for row in rows}
    offered = read_categories(found["categories"])

    assert list(offered) == [
        "no_contact", "overdue", "discrimination", "forced_sale", "loan_to_deposit", "deposit_first",
        "unreasonable_limit", "fees", "other",
    ]  # fmt: skip
    assert sum("第二十八条" in one.source for one in offered.values()) == 6
    assert all(one.zh and one.en and one.hint_zh and one.hint_en for one in offered.values())
    assert read_handling(found["handling"]) == Handling(10, 10)
