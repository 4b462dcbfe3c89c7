"""The only module that reads the system clock. Everything else takes an instant as an argument."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def _system() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """A source of aware UTC instants. Tests pass their own `read`; nothing patches time."""

    read: Callable[[], datetime] = _system

    def now(self) -> datetime:
        instant = self.read()
        assert instant.tzinfo is not None, "instants are aware"
        return instant.astimezone(UTC)


WALL = Clock()


def shanghai_date(instant: datetime) -> date:
    """The calendar day in Shanghai on which an aware instant falls.

    >>> from datetime import timedelta
    >>> shanghai_date(datetime(2026, 9, 30, 16, tzinfo=UTC))
    datetime.date(2026, 10, 1)
    """
    assert instant.tzinfo is not None, "instants are aware"
    return instant.astimezone(SHANGHAI).date()
