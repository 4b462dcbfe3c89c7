"""Ratings 好差评 and call-backs 回访: what firms say of a service, unasked and asked.

`rating`, `following` and `calling` are the room's commands and views by noun.
"""

from app.market.ratings.events import WorkOrderOpened
from app.market.ratings.jobs import draw_callbacks, tell_work_order
from app.market.ratings.rules import CallState, Factor, Heard, number_of
from app.market.ratings.schemas import TEXTS
from app.market.ratings.service import calling, following, rating

__all__ = [
    "TEXTS",
    "CallState",
    "Factor",
    "Heard",
    "WorkOrderOpened",
    "calling",
    "draw_callbacks",
    "following",
    "number_of",
    "rating",
    "tell_work_order",
]
