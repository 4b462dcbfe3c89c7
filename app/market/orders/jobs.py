"""What the worker does after an order's events."""

from app.market.orders.service.inbox import keep_grade

__all__ = ["keep_grade"]
