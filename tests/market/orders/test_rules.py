# ruff: noqa: E501 - the picture is wider than a line of text
"""The machine as a picture, and what each act needs beside its state, in declared precedence."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from app.market.orders.rules import facts as f
from app.market.orders.rules import fold, judge
from app.market.orders.rules.states import TERMINAL, TRANSITIONS, Act, Clock, End, Standing, State
from tests.market.orders.world import BOUNDS, NOW, TODAY

# fmt: off
TABLE = """
state         accept   contact   investigate   ask_papers    bring_papers  offer   pick   sign   pay_out  end_draws refuse  withdraw  revoke    let_go
listed        .        .         .             .             .             .       .      .      .        .         .       .         .         .
pushed        accepted .         .             .             pushed        .       .      .      .        .         refused withdrawn withdrawn .
accepted      .        contacted .             accepted      accepted      .       .      .      .        .         refused withdrawn withdrawn .
contacted     .        .         investigating contacted     contacted     offered .      .      .        .         refused withdrawn withdrawn .
investigating .        .         .             investigating investigating offered .      .      .        .         refused withdrawn withdrawn .
offered       .        .         .             .             .             .       picked .      .        .         .       withdrawn withdrawn .
picked        .        .         .             .             .             .       .      signed .        .         .       withdrawn withdrawn lapsed
signed        .        .         .             .             .             .       .      .      paying   .         .       .         signed    lapsed
paying        .        .         .             .             .             .       .      .      paying   serviced  .       .         paying    .
serviced      .        .         .             .             .             .       .      .      .        .         .       .         serviced  .
refused       .        .         .             .             .             .       .      .      .        .         .       .         refused   .
passed_over   .        .         .             .             .             .       .      .      .        .         .       .         passed_over .
withdrawn     .        .         .             .             .             .       .      .      .        .         .       .         withdrawn .
lapsed        .        .         .             .             .             .       .      .      .        .         .       .         lapsed    .
moved         .        .         .             .             .             .       .      .      .        .         .       .         moved     .
settled       .        .         .             .             .             .       .      .      .        .         .       .         settled   .
"""
TAKEN_BACK = """
state         deny_contact contest_papers retract
listed        .            .              .
pushed        .            pushed         .
accepted      .            accepted       .
contacted     accepted     contacted      .
investigating accepted     investigating  .
offered       .            .              refused
picked        .            .              refused
signed        .            .              .
paying        .            .              .
serviced      .            .              .
refused       .            .              .
passed_over   .            .              .
withdrawn     .            .              .
lapsed        .            .              .
moved         .            .              .
settled       .            .              .
"""
AFTER_SIGNING = """
state         repay        extend       mark_overdue settle       reschedule
listed        .            .            .            .            .
pushed        .            .            .            .            .
accepted      .            .            .            .            .
contacted     .            .            .            .            .
investigating .            .            .            .            .
offered       .            .            .            .            .
picked        .            .            .            .            settled
signed        .            .            .            .            .
paying        paying       paying       paying       .            .
serviced      serviced     serviced     serviced     settled      .
refused       .            .            .            .            .
passed_over   .            .            .            .            .
withdrawn     .            .            .            .            .
lapsed        .            .            .            .            .
moved         .            .            .            .            .
settled       .            .            .            .            .
"""
TO_ANOTHER_BRANCH = """
state         reassign
listed        .
pushed        moved
accepted      moved
contacted     moved
investigating .
offered       .
picked        .
signed        .
paying        .
serviced      .
refused       .
passed_over   .
withdrawn     .
lapsed        .
moved         .
settled       .
"""
PICTURE = (TABLE, TAKEN_BACK, AFTER_SIGNING, TO_ANOTHER_BRANCH)
# fmt: on
BY_NOBODY = {
    Act.PUSH,
    Act.CAP_PAPERS,
    Act.PASS_OVER,
    Act.LAPSE,
    Act.BREACH,
    Act.REOPEN,
}  # The fill rule, clocks, another pick.
WHO, REQUEST, OFFER, DRAW = (UUID(int=n) for n in (100, 500, 600, 700))
ENTRY = UUID(int=800)
TERMS = f.Terms(100, 80, 30_000, 90_000, 36, 20, 3)
LATER = TODAY + timedelta(days=400)
LOAN = f.Loan(
    starts_on=TODAY - timedelta(days=30), term_ends_on=TODAY + timedelta(days=335),
    ends_on=TODAY + timedelta(days=335),
)  # fmt: skip


def cells(tables: tuple[str, ...]) -> list[tuple[State, Act, str]]:
    """The picture's cells; each table must name every state."""
    found: list[tuple[State, Act, str]] = []
    for table in tables:
        head, *lines = (line.split() for line in table.strip().splitlines())
        assert {State(line[0]) for line in lines} == set(State)
        found += [(State(line[0]), Act(act), to) for line in lines for act, to in zip(head[1:], line[1:], strict=True)]
    return found


def case_in(state: State, **changed: object) -> f.Case:
    """An order of 100 with one suborder in a state in which every other condition is met."""
    part = f.Part(
        WHO, UUID(int=200), UUID(int=300), UUID(int=3), UUID(int=400), 1, state,
        held_fen=0 if state in {State.PUSHED, State.SERVICED} | TERMINAL else 100, offer_id=OFFER, offered_fen=100,
        signed_fen=100, paid_fen={State.PAYING: 20, State.SERVICED: 100}.get(state, 0), papers_open=REQUEST,
        breached=frozenset({Clock.SIGN, Clock.PAYOUT}), accepted_at=NOW, picked_at=NOW, signed_on=TODAY,
        context=f.Context(TERMS, 100, True, 5), loan=LOAN,
    )  # fmt: skip
    part = replace(part, **changed)
    listed = f.Listed(WHO, part.bank_id, part.branch_id, part.product_id, part.consent_id, 1)
    until_at = NOW + timedelta(days=30)
    return f.Case(
        UUID(int=1), UUID(int=2), 100, 1, until_at, BOUNDS, (listed,), () if state is State.LISTED else (part,)
    )


def command_of(act: Act) -> f.Command:
    """A good command for each act."""
    return {
        Act.ACCEPT: f.Accept(WHO),
        Act.CONTACT: f.Contact(WHO, NOW),
        Act.INVESTIGATE: f.Investigate(WHO),
        Act.ASK_PAPERS: f.AskPapers(WHO, REQUEST, ("ledger",)),
        Act.BRING_PAPERS: f.BringPapers(WHO),
        Act.OFFER: f.Offer(WHO, OFFER, 80, 50_000, 12, 10),
        Act.PICK: f.Pick(WHO),
        Act.SIGN: f.Sign(WHO, 90, TODAY, TODAY + timedelta(days=30), TODAY),
        Act.PAY_OUT: f.PayOut(WHO, DRAW, 30, TODAY, TODAY),
        Act.END_DRAWS: f.EndDraws(WHO),
        Act.REFUSE: f.Refuse(WHO, f.Reason("I2", own_evidence=True)),
        Act.WITHDRAW: f.Withdraw(),
        Act.REVOKE: f.Revoke(UUID(int=400)),
        Act.LET_GO: f.LetGo(WHO),
        Act.DENY_CONTACT: f.DenyContact(WHO),
        Act.CONTEST_PAPERS: f.ContestPapers(WHO),
        Act.REASSIGN: f.Reassign(WHO, UUID(int=800), UUID(int=350), True, 100, UUID(int=550)),
        Act.RETRACT: f.Retract(WHO, "changed_facts", seconded=True),
        Act.REPAY: f.Repay(WHO, ENTRY, 20, TODAY, TODAY),
        Act.EXTEND: f.Extend(WHO, ENTRY, 20, TODAY, LATER, LATER, TODAY),
        Act.MARK_OVERDUE: f.MarkOverdue(WHO, ENTRY, 20, TODAY, TODAY),
        Act.SETTLE: f.Settle(WHO, ENTRY, TODAY, "the firm is no more", 10, TODAY),
        Act.RESCHEDULE: f.Reschedule(WHO, TODAY, 100, LATER, TODAY),
    }[act]


@pytest.mark.parametrize(("state", "act", "to"), cells(PICTURE))
def test_every_act_in_every_state(state: State, act: Act, to: str) -> None:
    """With every other condition met, the state alone decides."""
    if state is State.LISTED:
        return  # No suborder exists to act on: the service answers not-found.
    case = case_in(state)
    if act is Act.ASK_PAPERS:
        case = case_in(state, papers_open=None)
    if act is Act.RESCHEDULE:
        case = case_in(state, loan_type=f.LoanType.DEFERRAL)
    ended = {State.REFUSED: End.REFUSED}.get(state, End.UNMATCHED) if state in TERMINAL else None

    answer = judge(replace(case, end=ended), command_of(act), NOW)

    if to == ".":
        assert isinstance(answer, f.Refused)
        assert "wrong-state" == answer.code
    else:
        assert isinstance(answer, f.Outcome)
        assert State(to) == answer.case.part(WHO).state


def test_the_picture_is_the_table() -> None:
    """What people do, as drawn above, is what the table says; a revocation after signing moves nothing."""
    assert {act for _, act, _ in cells(PICTURE)} == set(Act) - BY_NOBODY
    drawn = {(state, act, State(to)) for state, act, to in cells(PICTURE) if to != "."}
    still = {(state, act, to) for state, act, to in drawn if act is Act.REVOKE and to is state}
    second_draw = {(State.SIGNED, Act.PAY_OUT, State.SERVICED), (State.PAYING, Act.PAY_OUT, State.SERVICED)}

    assert {row for row in TRANSITIONS if row[1] not in BY_NOBODY} == drawn - still | second_draw


NEEDS = [
    # accept: the list, then the money
    (Act.ACCEPT, State.PUSHED, {"context": f.Context(None, 0)}, {}, "above-ceiling"),
    (Act.ACCEPT, State.PUSHED, {"context": f.Context(replace(TERMS, ceiling_fen=99), 0)}, {}, "above-ceiling"),
    (Act.ACCEPT, State.PUSHED, {"context": f.Context(TERMS, 99)}, {}, "quota-exhausted"),
    # refuse: a reason, a reason that holds, evidence before acceptance, the second person
    (Act.REFUSE, State.PUSHED, {}, {"reason": f.Reason("", problem="x")}, "reason-required"),
    (Act.REFUSE, State.PUSHED, {}, {"reason": f.Reason("Z", problem="reason-unknown")}, "reason-unknown"),
    (Act.REFUSE, State.PUSHED, {}, {"reason": f.Reason("A1", needs_two=True)}, "evidence-missing"),
    (Act.REFUSE, State.ACCEPTED, {}, {"reason": f.Reason("A1", needs_two=True)}, "four-eyes"),
    # contact: between acceptance and now
    (Act.CONTACT, State.ACCEPTED, {}, {"contacted_at": NOW - timedelta(seconds=1)}, "bad-time"),
    (Act.CONTACT, State.ACCEPTED, {}, {"contacted_at": NOW + timedelta(seconds=1)}, "bad-time"),
    # papers: named once, none open, not asked before, not in the package, time left
    (Act.ASK_PAPERS, State.ACCEPTED, {}, {"items": ()}, "papers-refused"),
    (Act.ASK_PAPERS, State.ACCEPTED, {"papers_open": None}, {"items": ("a", "a")}, "papers-refused"),
    (Act.ASK_PAPERS, State.ACCEPTED, {"papers_open": None}, {"items": ("合同", "合\u200b　同")}, "papers-refused"),
    (Act.ASK_PAPERS, State.ACCEPTED, {"papers_open": None, "papers_asked": frozenset({"合同（购销）"})},
     {"items": ("合同 (购销)",)}, "papers-refused"),
    (Act.ASK_PAPERS, State.ACCEPTED, {}, {}, "papers-refused"),
    (Act.ASK_PAPERS, State.ACCEPTED, {"papers_open": None, "papers_asked": frozenset({"ledger"})}, {},
     "papers-refused"),
    (Act.ASK_PAPERS, State.ACCEPTED, {"papers_open": None}, {"in_package": frozenset({"ledger"})}, "papers-refused"),
    (Act.ASK_PAPERS, State.ACCEPTED, {"papers_open": None, "context": f.Context(TERMS, 100, False, 5)}, {},
     "papers-refused"),
    (Act.ASK_PAPERS, State.ACCEPTED, {"papers_open": None, "breached": frozenset({Clock.DECISION})}, {},
     "papers-refused"),
    (Act.ASK_PAPERS, State.ACCEPTED, {"papers_open": None, "context": f.Context(TERMS, 100, True, 0)}, {},
     "papers-refused"),
    # offer: amount, hold, list, rate, term, validity, second person, money
    (Act.OFFER, State.CONTACTED, {}, {"amount_fen": 0}, "amount-out-of-range"),
    (Act.OFFER, State.CONTACTED, {}, {"amount_fen": 101}, "amount-out-of-range"),
    (Act.OFFER, State.CONTACTED, {}, {"amount_fen": 19}, "amount-out-of-range"),
    (Act.OFFER, State.CONTACTED, {"held_fen": 79}, {}, "amount-exceeds-hold"),
    (Act.OFFER, State.CONTACTED, {"context": f.Context(None, 100)}, {}, "above-ceiling"),
    (Act.OFFER, State.CONTACTED, {}, {"rate_ppm": 29_999}, "terms-out-of-range"),
    (Act.OFFER, State.CONTACTED, {}, {"rate_ppm": 90_001}, "terms-out-of-range"),
    (Act.OFFER, State.CONTACTED, {}, {"term_months": 37}, "terms-out-of-range"),
    (Act.OFFER, State.CONTACTED, {}, {"term_months": 2}, "terms-out-of-range"),
    (Act.OFFER, State.CONTACTED, {}, {"apr_ppm": BOUNDS.apr_max_ppm + 1}, "terms-out-of-range"),
    (Act.OFFER, State.CONTACTED, {}, {"valid_workdays": 4}, "terms-out-of-range"),
    (Act.OFFER, State.CONTACTED, {}, {"valid_workdays": 31}, "terms-out-of-range"),
    (Act.OFFER, State.CONTACTED, {}, {"amount_fen": 81}, "four-eyes"),
    (Act.OFFER, State.CONTACTED, {"held_fen": 0, "context": f.Context(TERMS, 79)}, {}, "quota-exhausted"),
    # sign: amount, day, draw period
    (Act.SIGN, State.PICKED, {}, {"amount_fen": 101}, "amount-exceeds-hold"),
    (Act.SIGN, State.PICKED, {}, {"signed_on": TODAY - timedelta(days=1)}, "bad-time"),
    (Act.SIGN, State.PICKED, {}, {"signed_on": TODAY + timedelta(days=1)}, "bad-time"),
    (Act.SIGN, State.PICKED, {}, {"draw_until_on": TODAY + timedelta(days=181)}, "terms-out-of-range"),
    # pay out: the sum, the day
    (Act.PAY_OUT, State.PAYING, {}, {"amount_fen": 81}, "amount-exceeds-hold"),
    (Act.PAY_OUT, State.PAYING, {}, {"paid_on": TODAY - timedelta(days=1)}, "bad-time"),
    # let go: only a bank that broke its promise
    (Act.LET_GO, State.PICKED, {"breached": frozenset({Clock.PAYOUT})}, {}, "wrong-state"),
    (Act.LET_GO, State.SIGNED, {"breached": frozenset({Clock.SIGN})}, {}, "wrong-state"),
    (Act.BRING_PAPERS, State.CONTACTED, {"papers_open": None}, {}, "wrong-state"),
    (Act.CONTEST_PAPERS, State.CONTACTED, {"papers_open": None}, {}, "wrong-state"),
    # reassign: another branch, once per bank, in time, that may decide it and can hold
    (Act.REASSIGN, State.PUSHED, {}, {"branch_id": UUID(int=300)}, "reassign-refused"),
    (Act.REASSIGN, State.PUSHED, {"breached": frozenset({Clock.DECISION})}, {}, "reassign-refused"),
    (Act.REASSIGN, State.PUSHED, {}, {"covers": False, "room_fen": 0}, "above-ceiling"),
    (Act.REASSIGN, State.PUSHED, {}, {"room_fen": 99}, "quota-exhausted"),
    # retract: a reason, then the second person
    (Act.RETRACT, State.OFFERED, {}, {"reason": "mood", "seconded": False}, "reason-unknown"),
    (Act.RETRACT, State.PICKED, {}, {"seconded": False}, "four-eyes"),
]  # fmt: skip


@pytest.mark.parametrize(("act", "state", "part", "command", "code"), NEEDS)
def test_what_an_act_needs_beside_its_state(
    act: Act, state: State, part: dict[str, object], command: dict[str, object], code: str
) -> None:
    """Checks run in the declared order, so that a machine gets the same answer for the same mistake."""
    answer = judge(case_in(state, **part), replace(command_of(act), **command), NOW)  # type: ignore[type-var]

    assert isinstance(answer, f.Refused)
    assert code == answer.code


def test_a_wrong_state_names_what_is_allowed() -> None:
    """A machine can go on without reading documentation."""
    answer = judge(case_in(State.OFFERED), f.Accept(WHO), NOW)

    assert (
        f.Refused("wrong-state", "accept is not possible in offered", (Act.RETRACT, Act.PICK, Act.WITHDRAW, Act.REVOKE))
        == answer
    )


def test_a_second_person_may_offer_above_the_level() -> None:
    """The level asks for two people, it forbids nothing."""
    command = replace(command_of(Act.OFFER), amount_fen=100, seconded=True)  # type: ignore[type-var]

    assert isinstance(judge(case_in(State.CONTACTED), command, NOW), f.Outcome)


@pytest.mark.parametrize(
    ("states", "standing"),
    [
        ((), Standing.POSTED),
        ((State.PUSHED, State.REFUSED), Standing.OPEN),
        ((State.PICKED, State.PASSED_OVER), Standing.OPEN),
        ((State.SIGNED, State.PASSED_OVER), Standing.AGREED),
        ((State.PAYING,), Standing.AGREED),
        ((State.SERVICED, State.PASSED_OVER), Standing.SERVICED),
    ],
)
def test_an_order_is_folded_from_its_suborders(states: tuple[State, ...], standing: Standing) -> None:
    """One reading holds for every mixture."""
    case = case_in(State.PUSHED)
    parts = tuple(replace(case.parts[0], state=state, position=n) for n, state in enumerate(states))

    assert standing is fold(replace(case, parts=parts))
