"""What supervision tells the rest of the house."""

from dataclasses import dataclass
from datetime import date

from app.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthFrozen(Event):
    """Two people of a supervising office have frozen a month. `sha256` is the digest of all that was frozen."""

    month: date
    number: str
    sha256: str
