"""Orders: a firm's need, posted to the banks it chose; each bank's suborder from push to the last draw.

`acceptances`, `decisions`, `payments`, `withdrawals`, `postings`, `reading` are the room's commands and views by noun.
"""

from app.market.orders.rules.cost import Fee, Repayment
from app.market.orders.rules.states import TRANSITIONS
from app.market.orders.service import (
    acceptances,
    decisions,
    marks,
    payments,
    postings,
    reading,
    withdrawals,
)
from app.market.orders.service.acting import enter
from app.market.orders.service.postings import Draft, Match, Pick, match, post_order, push_first
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
    "match",
    "payments",
    "post_order",
    "postings",
    "push_first",
    "reading",
    "sweep",
    "withdrawals",
]
