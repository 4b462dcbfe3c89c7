"""What a dated policy is. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of one rule; `valid_to` is its last day, None while open."""

    kind: str
    key: str
    version: int
    valid_from: date
    valid_to: date | None
    body: Mapping[str, Any]

    def holds_on(self, on: date) -> bool:
        """Whether the policy is in force on that day.

        >>> Policy("clock", "ACCEPT", 1, date(2022, 3, 1), None, {}).holds_on(date(2022, 2, 28))
        False
        """
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)
