"""The people of the complaints' tests."""

from tests.market.complaints.conftest import People, people
from tests.market.orders.conftest import City, city, keys

__all__ = ["City", "People", "city", "keys", "people"]
