"""The real application over a fresh database, and Chromium to walk it.

The server runs in the test's own loop, on a free port, over the test's own clone; so a test may change the world
through the rooms' services between two pages.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Browser, async_playwright

from app.infra import log
from app.infra.db import Database
from app.infra.settings import Environment, Settings
from app.main import create_app
from tests.browser.walk import HEIGHTS, WIDE, Walk, find_browser, flags
from tests.conftest import SECRET

Visit = Callable[..., Awaitable[Walk]]


@pytest.fixture(autouse=True)
def _wanted(request: pytest.FixtureRequest) -> None:
    if os.environ.get("BROWSER") == "0":
        pytest.skip("BROWSER=0 leaves out what needs Chromium")


@pytest.fixture(autouse=True, scope="session")
def _quiet_log() -> None:
    log.configure(level=logging.ERROR)


class _Server(uvicorn.Server):
    """Leaves the signals to pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@pytest.fixture
async def site(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The address of the running application."""
    monkeypatch.setenv("XINYIDAI_HOME", str(tmp_path))
    settings = Settings(
        home=tmp_path, environment=Environment.DEVELOPMENT, database_url=None, secret=SECRET,
        issuer="http://127.0.0.1", hosts=("127.0.0.1",), webhook_loopback=(), movable_clock=True,
    )  # fmt: skip
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = uvicorn.Config(
        create_app(settings, db), host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off",
        ws="none", timeout_graceful_shutdown=5,
    )  # fmt: skip
    server = _Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        assert not serving.done(), "the server did not start"
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One for the run: each visitor has a context of its own in it, which shares nothing with the others."""
    path = find_browser()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=flags())
        yield browser
        await browser.close()


@pytest.fixture
async def visit(site: str, browser: Browser) -> AsyncIterator[Visit]:
    """`walk = await visit("en", 360)`: a new visitor. At the end none of them may have met a fault."""
    walks: list[Walk] = []

    async def come(lang: str = "zh", width: int = WIDE, **more: Any) -> Walk:
        context = await browser.new_context(
            locale="zh-CN" if lang == "zh" else "en-GB", viewport={"width": width, "height": HEIGHTS[width]},
            timezone_id="Asia/Shanghai", reduced_motion="reduce", **more,
        )  # fmt: skip
        context.set_default_timeout(15_000)
        scripts = bool(more.get("java_script_enabled", True))
        walk = Walk(context, await context.new_page(), site, lang, width, scripts)
        await walk.listen()
        walks.append(walk)
        return walk

    yield come
    faults = [fault for walk in walks for fault in walk.faults]
    for walk in walks:
        await walk.context.close()
    assert not faults, "\n".join(dict.fromkeys(faults))
