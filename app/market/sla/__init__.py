"""The four promises (四有): which event of an order starts and stops which clock."""

from app.market.sla.jobs import LISTENED, delivery_failed, keep_time, package_delivered, policy_of

__all__ = ["LISTENED", "delivery_failed", "keep_time", "package_delivered", "policy_of"]
