"""The four promises (四有): which event of an order starts and stops which clock."""

from app.market.sla.jobs import LISTENED, keep_time

__all__ = ["LISTENED", "keep_time"]
