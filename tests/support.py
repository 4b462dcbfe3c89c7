"""Small words that tests share."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

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


def walk(machine: type[RuleBasedStateMachine], base: settings, has_been_everywhere: Callable[[], bool]) -> None:
    """Run a state machine; go on with other seeds, a third as long each, while it has not been everywhere.

    What a walk draws depends on which modules are loaded (hypothesis picks up their constants), so that one run may
    stay just under a number that another passes.
    """
    run_state_machine_as_test(machine, settings=base)  # type: ignore[no-untyped-call]
    more = settings(base, derandomize=False, database=None, max_examples=base.max_examples // 3)
    for number in range(1, 7):
        if has_been_everywhere():
            return
        print(f"walking on with seed {number}")
        run_state_machine_as_test(seed(number)(machine), settings=more)  # type: ignore[no-untyped-call]
