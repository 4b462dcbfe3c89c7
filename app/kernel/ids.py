"""Identifiers: UUID version 7 (RFC 9562), so that rows made later sort later and indexes grow at one end."""

import os
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Final
from uuid import UUID

from app.kernel.clock import WALL

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_lock: Final = Lock()
_last_tick = 0


def compose(tick: int, noise: int) -> UUID:
    """A version 7 id from a 60-bit tick (milliseconds and 4096ths of one) and 62 bits of noise.

    >>> compose(0x017F22E279B0 << 12 | 0xCC3, 0x18C4DC0C0C07398F)
    UUID('017f22e2-79b0-7cc3-98c4-dc0c0c07398f')
    """
    assert 0 <= tick < 1 << 60, "a tick has 60 bits"
    assert 0 <= noise < 1 << 62, "the noise has 62 bits"
    return UUID(int=(tick >> 12) << 80 | 0x7 << 76 | (tick & 0xFFF) << 64 | 0b10 << 62 | noise)


def new_id() -> UUID:
    """A fresh id. Within one process each id is greater than the one before, also when the wall clock steps back."""
    global _last_tick
    noise = int.from_bytes(os.urandom(8), "big") >> 2
    millis, rest = divmod((WALL.now() - _EPOCH) // _MICROSECOND, 1000)
    with _lock:
        _last_tick = max(_last_tick + 1, millis << 12 | rest * 4096 // 1000)
        return compose(_last_tick, noise)
