"""The pure machine of orders: the table, the judge, the firing of clocks, the ranking and the cost of an offer.

Pure: every input is an argument, every answer is a value. `facts` has the shapes, `states` the table.
"""

from app.market.orders.rules.firing import fire
from app.market.orders.rules.judging import ACT_OF, allowed_acts, judge
from app.market.orders.rules.steps import Working, end_of, firing_order, fold, may_push, push_first

__all__ = [
    "ACT_OF", "Working", "allowed_acts", "end_of", "fire", "firing_order", "fold", "judge", "may_push", "push_first",
]  # fmt: skip
