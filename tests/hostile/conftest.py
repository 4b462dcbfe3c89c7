"""The invented city behind the whole application, as the hostile caller finds it."""

from tests.market.orders.conftest import city, keys
from tests.market.orders.test_http import town

__all__ = ["city", "keys", "town"]
