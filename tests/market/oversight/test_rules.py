"""Urges and circulars as tables of states × acts: every cell, for everybody; the migration holds the same rows."""

from datetime import UTC, date, datetime
from types import ModuleType
from uuid import UUID

import pytest

from app.market.oversight.rules import circulars, urges
from app.market.oversight.rules.circulars import Document, Finding
from app.market.oversight.rules.urges import Act, Addressee, Facts, Moved, Not, Person, Refused, Side, State
from tests.support import REPOSITORY

BANK, OTHER, CITY = UUID(int=1), UUID(int=2), UUID(int=9)
BRANCH, ELSEWHERE = UUID(int=11), UUID(int=12)
MAKER, SECOND = UUID(int=21), UUID(int=22)
WORDS = "已经联系企业并给出方案"
# What the trade says, written a second time, cell by cell: "state act": where it leads. All else is refused.
LEADS = {
    "issued receive": "received", "received reply": "replied", "sent_back reply": "replied",
    "replied rectify": "rectified", "replied send_back": "sent_back", "rectified send_back": "sent_back",
    "rectified close": "closed", "issued breach": "issued", "received breach": "received",
    "sent_back breach": "sent_back", "issued withdraw": "withdrawn", "received withdraw": "withdrawn",
    "replied withdraw": "withdrawn", "rectified withdraw": "withdrawn", "sent_back withdraw": "withdrawn",
}  # fmt: skip
PEOPLE = {
    "regulator": Person(SECOND, "regulator", CITY),
    "head": Person(SECOND, "bank_admin", BANK),
    "clerk": Person(SECOND, "branch_clerk", BANK, BRANCH),
    "checker": Person(SECOND, "branch_checker", BANK, BRANCH),
    "other branch": Person(SECOND, "branch_clerk", BANK, ELSEWHERE),
    "other head": Person(SECOND, "bank_admin", OTHER),
    "other clerk": Person(SECOND, "branch_clerk", OTHER, BRANCH),
    "clock": Person(None, None),
}
URGED, URGER = "urged", "urger"
# (addressee, by hand): who stands on which sides. Whoever is not named has nothing to do with it.
STANDS = {
    ("branch", True): {"regulator": "urger", "head": "urged", "clerk": "urged", "checker": "urged"},
    ("branch", False): {"regulator": "urger", "head": "urged urger", "clerk": "urged", "checker": "urged"},
    ("head_office", True): {"regulator": "urger", "head": "urged"},
    ("head_office", False): {"regulator": "urger", "head": "urged"},
    ("supervisor", True): {"regulator": "urged urger"},
    ("supervisor", False): {"regulator": "urged urger"},
}
OF_SIDE = {"urged": {"receive", "reply", "rectify"}, "urger": {"send_back", "close", "withdraw"}, "clock": {"breach"}}


def facts(state: State, addressee: str = "branch", by_hand: bool = True, replied_by: UUID | None = MAKER) -> Facts:
    return Facts(state, Addressee(addressee), BANK, BRANCH, by_hand, replied_by)


def stands(addressee: str, by_hand: bool, who: str) -> set[str]:
    return {"clock"} if who == "clock" else set(STANDS[addressee, by_hand].get(who, "").split())


@pytest.mark.parametrize(("addressee", "by_hand"), STANDS)
def test_every_cell_of_urges_for_everybody(addressee: str, by_hand: bool) -> None:
    """7 states × 7 acts × 8 people × 6 kinds: whom it does not concern sees none; then the side; then the table."""
    wrong = []
    for state in State:
        for act in Act:
            for who, person in PEOPLE.items():
                sides = stands(addressee, by_hand, who)
                to = LEADS.get(f"{state.value} {act.value}")
                if not sides:
                    expected: object = Refused(Not.NOT_THEIRS)
                elif not any(act.value in OF_SIDE[side] for side in sides):
                    expected = Refused(Not.SIDE)
                else:
                    expected = Moved(State(to)) if to else Refused(Not.STATE)
                actual = urges.judge(facts(state, addressee, by_hand), act, person, WORDS)
                if actual != expected:
                    wrong.append((state, act, who, expected, actual))

    assert [] == wrong


@pytest.mark.parametrize("act", [Act.CLOSE, Act.SEND_BACK])
@pytest.mark.parametrize(("addressee", "who"), [("branch", "head"), ("supervisor", "regulator")])
def test_whoever_replied_neither_closes_nor_sends_back(addressee: str, who: str, act: Act) -> None:
    """Who answers for a matter does not say that it is settled; the second person does."""
    person = PEOPLE[who]
    own, others = (facts(State.RECTIFIED, addressee, False, replied) for replied in (person.person_id, MAKER))

    assert Refused(Not.MAKER) == urges.judge(own, act, person, WORDS)
    assert isinstance(urges.judge(others, act, person, WORDS), Moved)


@pytest.mark.parametrize(
    ("act", "state", "who"),
    [(Act.REPLY, State.RECEIVED, "clerk"), (Act.RECTIFY, State.REPLIED, "clerk"),
     (Act.SEND_BACK, State.REPLIED, "regulator"), (Act.WITHDRAW, State.ISSUED, "regulator")],
)  # fmt: skip
@pytest.mark.parametrize("words", ["", "  已 办 ", "好的"])
def test_an_act_that_needs_words_is_none_without_them(act: Act, state: State, who: str, words: str) -> None:
    """A reply of two letters answers nothing."""
    assert Refused(Not.WORDS) == urges.judge(facts(state), act, PEOPLE[who], words.replace(" ", ""))
    assert isinstance(urges.judge(facts(state), act, PEOPLE[who], WORDS), Moved)


def test_nothing_leaves_an_end_and_every_state_can_end() -> None:
    """A closed urge is not opened again: another one is issued."""
    assert not [1 for (start, _act) in urges.TRANSITIONS if start in urges.ENDS]
    reached = {State.ISSUED}
    while more := {to for (start, _act), to in urges.TRANSITIONS.items() if start in reached} - reached:
        reached |= more
    assert set(State) == reached
    assert set(urges.OPEN) == set(State) - urges.ENDS
    assert {Side.URGED, Side.URGER, Side.CLOCK} == set(urges.SIDE_OF.values())


def test_the_buttons_of_a_page_are_the_cells_of_the_table() -> None:
    """What is offered is allowed, and what is allowed is offered."""
    assert (Act.SEND_BACK, Act.CLOSE, Act.WITHDRAW) == urges.acts_for(facts(State.RECTIFIED), PEOPLE["regulator"])
    assert (Act.REPLY,) == urges.acts_for(facts(State.SENT_BACK), PEOPLE["clerk"])
    assert () == urges.acts_for(facts(State.CLOSED), PEOPLE["regulator"])


def test_every_cell_of_a_named_bank() -> None:
    """4 states × 3 acts × 4 people: only the named bank's head office answers, only the regulator judges."""
    leads = {"named answer": "answered", "returned answer": "answered", "answered return": "returned",
             "answered accept": "accepted"}  # fmt: skip
    people = {("bank_admin", BANK): {"answer"}, ("branch_clerk", BANK): set(), ("bank_admin", OTHER): None,
              ("regulator", CITY): {"return", "accept"}}  # fmt: skip
    wrong = []
    for state in circulars.State:
        for act in circulars.Act:
            for (role, org_id), may in people.items():
                to = leads.get(f"{state.value} {act.value}")
                if may is None:
                    expected: object = circulars.Refused(circulars.Not.NOT_THEIRS)
                elif act.value not in may:
                    expected = circulars.Refused(circulars.Not.SIDE)
                else:
                    expected = circulars.Moved(circulars.State(to)) if to else circulars.Refused(circulars.Not.STATE)
                actual = circulars.judge(state, act, bank_id=BANK, org_id=org_id, role=role, words=WORDS)
                if actual != expected:
                    wrong.append((state, act, role, expected, actual))

    assert [] == wrong


def migration() -> ModuleType:
    path = REPOSITORY / "migrations" / "versions" / "0023_oversight.py"
    text = path.read_text().split("def upgrade", 1)[0].replace("from rls import protect, role\n", "")
    module = ModuleType("rows")
    exec(compile(text, str(path), "exec"), module.__dict__)
    return module


def test_postgresql_holds_the_same_tables() -> None:
    """Every move is judged twice: by the rule, and by a CHECK over a copy of its table."""
    rows = migration()

    moved = {(start.value, act.value, to.value) for (start, act), to in urges.TRANSITIONS.items()}
    named = {(start.value, act.value, to.value) for (start, act), to in circulars.TRANSITIONS.items()}

    assert {("", "issue", "issued"), *moved} == set(rows.URGE_MOVES)
    assert {("", "publish", "named"), *named} == set(rows.CIRCULAR_MOVES)


def document(**changed: object) -> Document:
    finding = Finding(BANK, None, "XY 银行", 6, 10, 600_000, 313_000, 832_000)
    values = {
        "title": "关于十月办结时限的通报", "said": "请对照整改。", "measure": "decided_in_time",
        "month": date(2025, 10, 1), "as_of": datetime(2025, 11, 3, 2, tzinfo=UTC),
        "rectify_by_on": date(2025, 11, 28), "to_all": False,
        "findings": (finding,),
    }  # fmt: skip
    return Document(**(values | changed))  # type: ignore[arg-type]


def test_a_document_reads_back_as_it_was_written_and_its_fingerprint_tells_every_change() -> None:
    """What is published is what was checked, to the letter."""
    kept = circulars.written(document())
    others = [
        circulars.written(document(**one))
        for one in ({"title": "x"}, {"said": "y"}, {"to_all": True}, {"month": date(2025, 9, 1)}, {"findings": ()},
                    {"rectify_by_on": date(2025, 11, 29)}, {"refers_to": BANK})
    ]  # fmt: skip

    assert document() == circulars.read(kept)
    assert len(others) + 1 == len({circulars.fingerprint(one) for one in (kept, *others)})
    assert (BANK,) == document().bank_ids


def test_the_rate_of_what_is_put_right_counts_every_named_bank() -> None:
    """An answer is not yet a rectification; the last day itself is not late."""
    by_on = date(2025, 11, 28)
    rows = [(state, by_on) for state in circulars.State]

    assert circulars.Rectified(1, 4, 0) == circulars.rectified(rows, by_on)
    assert circulars.Rectified(1, 4, 3) == circulars.rectified(rows, date(2025, 11, 29))
    assert 250_000 == circulars.rectified(rows, by_on).ppm
    assert circulars.rectified([], by_on).ppm is None
