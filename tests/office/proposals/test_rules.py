"""Who may check what another person has proposed."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from app.access.seats import Seat, SeatRole
from app.office.proposals import Change, NotChecked, Proposal, ProposalState, judge_check
from app.office.proposals.rules import PROBLEM_OF
from tests.support import shanghai

NOW = shanghai("2026-09-01 10:00")
BANK, OTHER, MAKER, CHECKER, BRANCH, BRANCH_2 = (UUID(int=n) for n in range(1, 7))
OPEN = Proposal(
    UUID(int=9), "thaw", UUID(int=8), None, BANK, BRANCH, {}, MAKER, NOW, NOW + timedelta(days=7), ProposalState.OPEN
)
SEAT = Seat(CHECKER, BANK, SeatRole.BRANCH_CHECKER, BRANCH)
CHECKERS = frozenset({SeatRole.BRANCH_CHECKER, SeatRole.BANK_ADMIN})
CLOSED = replace(OPEN, state=ProposalState.APPROVED, closed_at=NOW)

CASES = [
    ("a checker of the branch", OPEN, SEAT, NOW, None),
    ("head office", OPEN, Seat(CHECKER, BANK, SeatRole.BANK_ADMIN), NOW, None),
    ("head office's own proposal", replace(OPEN, branch_id=None), SEAT, NOW, None),
    ("another bank", OPEN, replace(SEAT, org_id=OTHER), NOW, NotChecked.ANOTHER_ORG),
    ("another branch", OPEN, replace(SEAT, branch_id=BRANCH_2), NOW, NotChecked.ANOTHER_BRANCH),
    ("a clerk", OPEN, replace(SEAT, role=SeatRole.BRANCH_CLERK), NOW, NotChecked.ROLE),
    ("the maker in a checker's seat", OPEN, replace(SEAT, person_id=MAKER), NOW, NotChecked.MAKER),
    ("closed before", CLOSED, SEAT, NOW, NotChecked.CLOSED),
    ("the maker of a closed one", CLOSED, replace(SEAT, person_id=MAKER), NOW, NotChecked.MAKER),
    ("on the stroke of its end", OPEN, SEAT, OPEN.expires_at, NotChecked.EXPIRED),
    ("just before its end", OPEN, SEAT, OPEN.expires_at - timedelta(microseconds=1), None),
]


@pytest.mark.parametrize(("title", "proposal", "by", "now", "why"), CASES, ids=[case[0] for case in CASES])
def test_two_people_are_two_people(title, proposal, by, now, why) -> None:  # type: ignore[no-untyped-def]
    """In declared precedence: who it belongs to, who may check, who made it, whether it still waits."""
    assert why == judge_check(proposal, by, CHECKERS, now)


def test_every_refusal_has_its_problem() -> None:
    """A new one cannot be forgotten by the web."""
    assert set(NotChecked) == set(PROBLEM_OF)


@pytest.mark.parametrize(
    ("before", "after", "unit", "more"),
    [(2_000, 2_500, "fen", 500), (24, 12, "months", -12), (None, 5, "fen", None), ("a", "b", "text", None)],
)
def test_a_change_says_by_how_much(before: object, after: object, unit: str, more: int | None) -> None:
    """Only where both sides are counted in one unit."""
    assert more == Change("额度", before, after, unit).more_by
