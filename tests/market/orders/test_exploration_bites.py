"""Each invariant is seen to fail when one rule is switched off: a search that finds nothing could be blind."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.market.orders.rules import correcting, facts, firing, judging, states, steps
from app.market.sla import rules as sla
from tests.market.orders import world
from tests.market.orders.test_exploration import explore
from tests.market.orders.world import NOW, Setting

PLAIN = Setting(1, 1, until=3, papers=False, split=False)
PAPERS = Setting(1, 1, until=3, split=False)
TWO = Setting(2, 2, until=3, papers=False, split=False)
QUEUE = Setting(2, 1, until=3, papers=False, split=False)
TRIO = Setting(3, 2, until=2, papers=False, split=False)
SPLIT = Setting(1, 1, until=3, papers=False)
BACK = replace(PLAIN, back=True)
Patch = pytest.MonkeyPatch


def no_release(patch: Patch) -> None:
    patch.setattr(steps.Working, "release", lambda work, part, expired=False: part)


def no_release_of_expired(patch: Patch) -> None:
    right = steps.Working.release
    patch.setattr(steps.Working, "release", lambda work, part, expired=False: part if expired else right(work, part))


def push_beside_the_picked(patch: Patch) -> None:
    patch.setattr(steps, "FROM_PICK_ON", ())


def push_after_withdrawal(patch: Patch) -> None:
    right = steps.may_push
    patch.setattr(steps, "may_push", lambda case, at: right(replace(case, withdrawn_at=None), at))


def push_too_many(patch: Patch) -> None:
    right = steps.may_push
    patch.setattr(steps, "may_push", lambda case, at: right(replace(case, places=case.places + 1), at))


def count_the_breached(patch: Patch) -> None:
    patch.setattr(facts.Part, "takes_a_place", property(lambda part: part.is_live))


def until_lapses_nobody(patch: Patch) -> None:
    patch.setattr(firing, "BEFORE_PICK", ())


def pick_passes_nobody(patch: Patch) -> None:
    patch.setattr(judging, "BEFORE_PICK", ())


def two_picks(patch: Patch) -> None:
    patch.setattr(judging, "FROM_PICK_ON", ())
    patch.setattr(judging, "BEFORE_PICK", ())


def ends_leave_clocks(patch: Patch) -> None:
    patch.setattr(sla, "ENDS", ())


def without(*dropped: sla.ClockStep | type) -> Callable[[Patch], None]:
    """The mapping without some of its steps."""

    def fault(patch: Patch) -> None:
        right = sla.effects

        def effects(event: object, policies: object, **facts_: object) -> tuple[sla.ClockStep, ...]:
            found = right(event, policies, **facts_)  # type: ignore[arg-type]
            return tuple(s for s in found if not any(s == d or type(s) is d or _starts(s, d) for d in dropped))

        patch.setattr(sla, "effects", effects)

    return fault


def _starts(step: sla.ClockStep, dropped: object) -> bool:
    return isinstance(step, sla.Start) and step.clock is dropped


def revoke_ends_nothing(patch: Patch) -> None:
    patch.setattr(judging, "_revoke", lambda work, command: None)


def draw_above_the_contract(patch: Patch) -> None:
    right = judging.RULES[facts.PayOut]
    patch.setitem(
        judging.RULES, facts.PayOut,
        lambda work, part, command: right(work, replace(part, signed_fen=part.signed_fen + 1), command),
    )  # fmt: skip


def end_is_never_stored(patch: Patch) -> None:
    patch.setattr(steps, "end_of", lambda case, at: None)


def fire_at_the_workers_hour(patch: Patch) -> None:
    right = firing.fire
    patch.setattr(world.rules, "fire", lambda case, due: right(case, replace(due, due_at=NOW)))


def ask_without_a_cap(patch: Patch) -> None:
    right = judging.RULES[facts.AskPapers]

    def ask(work: steps.Working, part: facts.Part, command: facts.AskPapers) -> facts.Refused | None:
        return right(work, replace(part, context=replace(part.context, pause_left=1)), command)

    patch.setitem(judging.RULES, facts.AskPapers, ask)
    right_effects = sla.effects
    patch.setattr(
        sla, "effects", lambda event, policies, **facts_: right_effects(event, policies, **{**facts_, "pause_left": 1})
    )


def ask_after_the_deadline(patch: Patch) -> None:
    right = judging.RULES[facts.AskPapers]

    def ask(work: steps.Working, part: facts.Part, command: facts.AskPapers) -> facts.Refused | None:
        context = replace(part.context, decision_runs=True)
        hidden = replace(part, breached=frozenset(), context=context)
        refused = right(work, hidden, command)
        if refused is None:
            work.change(replace(work.case.part(part.suborder_id), breached=part.breached))
        return refused

    patch.setitem(judging.RULES, facts.AskPapers, ask)


def hold_only_once(patch: Patch) -> None:
    """Read word for word, an offer rests on the hold of the acceptance alone."""
    right = judging.RULES[facts.Offer]

    def offer(work: steps.Working, part: facts.Part, command: facts.Offer) -> facts.Refused | None:
        return right(work, part, command) if part.held_fen else facts.Refused("quota-exhausted")

    patch.setitem(judging.RULES, facts.Offer, offer)


def sell_what_is_not_there(patch: Patch) -> None:
    right = judging.RULES[facts.Accept]

    def accept(work: steps.Working, part: facts.Part, command: facts.Accept) -> facts.Refused | None:
        return right(work, replace(part, context=replace(part.context, room_fen=99)), command)

    patch.setitem(judging.RULES, facts.Accept, accept)


def call_anew(patch: Patch) -> None:
    """Read carelessly, a denial gives the bank the whole time to call once more."""
    right = sla.effects

    def effects(event: object, policies: object, **facts_: object) -> tuple[sla.ClockStep, ...]:
        found = right(event, policies, **facts_)  # type: ignore[arg-type]
        return tuple(sla.Start(s.clock, sla.Limit(sla.Unit.WORKDAYS, 2)) if isinstance(s, sla.Reopen) else s
                     for s in found)  # fmt: skip

    patch.setattr(sla, "effects", effects)


def offer_and_take_back(patch: Patch) -> None:
    """An offer on the last day and its retraction afterwards: the decision would look kept."""
    patch.setattr(correcting, "judge_again", lambda work, part, clock, due_at: part)


def a_move_buys_days(patch: Patch) -> None:
    """The branch that takes over gets the whole time to answer, though nobody has answered yet."""
    right = sla.effects

    def effects(event: object, policies: object, **facts_: object) -> tuple[sla.ClockStep, ...]:
        found = right(event, policies, **facts_)  # type: ignore[arg-type]
        accept = states.Clock.ACCEPT
        whole = sla.Start(accept, sla.Limit(sla.Unit.WORKDAYS, 2))
        return found if not any(isinstance(step, sla.Carry) for step in found) else (*found, sla.Void(accept), whole)

    patch.setattr(sla, "effects", effects)


def two_branches_at_once(patch: Patch) -> None:
    def both(work: steps.Working, part: facts.Part, command: facts.Reassign) -> None:
        follower = replace(part, suborder_id=command.to_id, branch_id=command.branch_id, state=states.State.LISTED)
        if any(one.suborder_id == command.to_id for one in work.case.parts) or part.held_fen:
            return
        work.case = replace(work.case, parts=(*work.case.parts, follower))
        work.change(replace(follower, state=states.State.PUSHED))

    patch.setitem(judging.RULES, facts.Reassign, both)


def an_appeal_takes_a_place(patch: Patch) -> None:
    patch.setattr(
        facts.Part, "takes_a_place", property(lambda part: part.is_live and states.Clock.DECISION not in part.breached)
    )


def an_appeal_revives_the_refused(patch: Patch) -> None:
    def revive(case: facts.Case, part: facts.Part, new_id: object, at: object, **_: object) -> facts.Outcome:
        parts = tuple(replace(one, state=states.State.LAPSED) if one is part else one for one in case.parts)
        return facts.Outcome(replace(case, parts=parts), ())

    patch.setattr(world.linking, "reopen", revive)


def a_deferral_takes_money(patch: Patch) -> None:
    patch.setitem(
        judging.RULES, facts.Accept,
        lambda work, part, command: work.hold(
            work.change(replace(work.move(part, states.Act.ACCEPT, states.State.ACCEPTED, command=command),
                                accepted_at=work.at)), 1,
        ) and None,
    )  # fmt: skip


CLOCK = states.Clock
FAULTS = [
    ("I2", two_picks, TWO),
    ("I3", sell_what_is_not_there, Setting(1, 1, until=3, turns=True, papers=False, split=False)),
    ("I4", no_release, PLAIN),
    ("I4", no_release_of_expired, PLAIN),
    ("I4", draw_above_the_contract, SPLIT),
    ("I5", ends_leave_clocks, PLAIN),
    ("I5", without(sla.Void(CLOCK.PAPERS)), PAPERS),
    ("I5", without(CLOCK.PAYOUT), PLAIN),
    ("I6", without(CLOCK.GRACE), PLAIN),
    ("I6", until_lapses_nobody, PLAIN),
    ("I6", without(sla.Keep), QUEUE),
    ("I7", end_is_never_stored, PLAIN),
    ("I8", push_too_many, QUEUE),
    ("I9", count_the_breached, QUEUE),
    ("I10", ask_without_a_cap, PAPERS),
    ("I11", revoke_ends_nothing, PLAIN),
    ("I12", pick_passes_nobody, TWO),
    ("I12", push_beside_the_picked, TRIO),
    ("I13", push_after_withdrawal, QUEUE),
    ("I14", ask_after_the_deadline, PAPERS),
    ("I14", without(sla.Resume), PAPERS),
    ("I15", fire_at_the_workers_hour, PAPERS),
    ("I17", hold_only_once, PLAIN),
    ("I18", call_anew, BACK),
    ("I20", a_move_buys_days, replace(PLAIN, moves=True)),
    ("I21", two_branches_at_once, replace(PLAIN, moves=True)),
    ("I22", an_appeal_revives_the_refused, replace(PLAIN, appeals=True)),
    ("I23", a_deferral_takes_money, replace(PLAIN, loan_type=facts.LoanType.DEFERRAL)),
    ("I9", an_appeal_takes_a_place, Setting(3, 1, until=2, papers=False, split=False, appeals=True)),
    ("I19", offer_and_take_back, BACK),
    ("I14", without(sla.Resume), replace(PAPERS, back=True)),
]


@pytest.mark.parametrize(("number", "fault", "setting"), FAULTS)
def test_a_rule_that_is_switched_off_breaks_its_invariant(
    number: str, fault: Callable[[Patch], None], setting: Setting, monkeypatch: Patch
) -> None:
    """The sentence of the design behind each invariant is needed, and the search sees it."""
    fault(monkeypatch)

    seen = explore(setting, wanted=f"{number} ", most=20_000)

    assert number in {kind.split()[0] for kind in seen.found}


def test_every_invariant_is_shown_to_bite() -> None:
    """I1 is the table itself (judged by `test_rules`), I16 is counted as I8."""
    bitten = {number for number, _, _ in FAULTS}

    assert {f"I{n}" for n in range(2, 24)} - {"I16"} == bitten
