"""Small words that tests share."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.kernel.clock import SHANGHAI

REPOSITORY = Path(__file__).parents[1]
REAL_DATA = REPOSITORY.parent / "shared" / "data"


def shanghai(text: str) -> datetime:
    """`shanghai("2025-09-25 10:00")` is that wall time in Shanghai, as an aware UTC instant."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def real_data(path: str) -> Path:
    """A file of the real input. Its absence is a failure where `REAL_DATA=required`, else a skip that says so."""
    file = REAL_DATA / path
    if not file.exists():
        if os.environ.get("REAL_DATA") == "required":
            pytest.fail(f"REAL_DATA=required, but {path} is not beside the checkout")
        pytest.skip(f"the real input {path} is not beside the checkout")
    return file


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float = 10) -> None:
    """Wait until the condition holds; fail when it does not within `seconds`."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not await condition():
        assert asyncio.get_running_loop().time() < deadline, f"not true within {seconds} s"
        await asyncio.sleep(0.02)
