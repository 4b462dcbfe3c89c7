"""Orders: a firm's need, posted to the banks it chose; each bank's suborder from push to the last draw.

`acceptances`, `decisions`, `moving`, `payments`, `withdrawals`, `postings`, `reading` are its commands and
views by noun.
"""

from app.market.orders.rules.cost import Fee, Repayment
from app.market.orders.rules.states import TRANSITIONS
from app.market.orders.service import (
    acceptances,
    decisions,
    marks,
    moving,
    payments,
    postings,
    reading,
    withdrawals,
)
from app.market.orders.service.acting import enter
from app.market.orders.service.postings import Draft, Match, Pick, post_order, push_first
from app.market.orders.service.sweeping import sweep
from app.market.orders.service.withdrawals import end_revoked, lock_for_revocation

__all__ = [
    "TRANSITIONS",
    "Draft",
    "Fee",
    "Match",
    "Pick",
    "Repayment",
    "acceptances",
    "decisions",
    "end_revoked",
    "enter",
    "lock_for_revocation",
    "marks",
    "moving",
    "payments",
    "post_order",
    "postings",
    "push_first",
    "reading",
    "sweep",
    "withdrawals",
]
