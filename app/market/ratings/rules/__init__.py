"""The pure rules: `rating` says what may be rated and until when, `sampling` who is called back, `calling` what comes
of a call."""

from app.market.ratings.rules.calling import Called, CallState, Heard, Outcome, Questions, judge_call
from app.market.ratings.rules.rating import (
    About,
    Given,
    Marks,
    Refused,
    Why,
    judge_closure,
    judge_rating,
    needs_follow_up,
)
from app.market.ratings.rules.sampling import Candidate, Chosen, Factor, Sampling, choose, number_of

__all__ = [
    "About",
    "CallState",
    "Called",
    "Candidate",
    "Chosen",
    "Factor",
    "Given",
    "Heard",
    "Marks",
    "Outcome",
    "Questions",
    "Refused",
    "Sampling",
    "Why",
    "choose",
    "judge_call",
    "judge_closure",
    "judge_rating",
    "needs_follow_up",
    "number_of",
]
