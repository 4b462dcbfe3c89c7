"""What the worker does after an order's events."""

from app.market.orders.service.copies import compare_refusal
from app.market.orders.service.inbox import keep_grade

__all__ = ["compare_refusal", "keep_grade"]
