"""`make screens`: pictures of the main pages, out of the seeded city, into docs/screens/.

Starts the demo on a free port in a folder of its own (or takes one that runs: `--base http://…`), walks in as the
people of the city, and keeps a PNG a page, under `SIZE_MAX` bytes: a page whose picture is larger is shown less far
down. Names are stable; what the pages say depends on the day, because the city lives until today.
"""

import argparse
import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from app.demo.load import PASSWORD
from tests.browser.walk import NARROW, WIDE, find_browser, flags

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs" / "screens"
SIZE_MAX: Final = 200_000
HEIGHTS: Final = (1600, 1280, 1000, 860, 700)  # Tried in this order until a picture is small enough.
READY_SECONDS_MAX: Final = 540
SERVING: Final = "正在服务"


@dataclass(frozen=True, slots=True)
class Screen:
    """One picture: `login` goes to `path`, then presses each of `presses` that is there. None: a visitor."""

    name: str
    said: str
    login: str | None
    path: str
    presses: tuple[str, ...] = ()
    width: int = WIDE
    lang: str = "zh"
    dark: bool = False


FIRM, HEAD = "firm8", "bank1-head"
TO_DECIDE: Final = "main :is(li, article):has(.tone:has-text('等您处理')) a[href^='/my/orders/']:not([href$='/new'])"
CONTACTED: Final = "tr[data-row]:has-text('已联系') a"
# People of whom the day decides which of them has the work to be shown: who they may be, where it would be seen, what.
CHOOSER, CLERK = "a firm with something to decide", "a clerk with something to decide"
SOUGHT: Final = {
    CHOOSER: (tuple(f"firm{n}" for n in range(1, 61)), "/my", TO_DECIDE),
    CLERK: (tuple(f"bank{n}-b{m}" for n in range(1, 6) for m in range(1, 6)), "/desk", CONTACTED),
}
SCREENS: Final = (
    Screen("start", "首页：能申请什么，多久答复，不用登录", None, "/"),
    Screen("start-phone", "首页，手机", None, "/", width=NARROW),
    Screen("start-en", "The start page in English", None, "/", lang="en"),
    Screen("style", "组件样式：每种组件和它的一条用法", None, "/style"),
    Screen("firm-home", "企业首页", FIRM, "/my"),
    Screen("firm-estimates", "每个产品的参考额度和依据", FIRM, "/my/estimates"),
    Screen("firm-question-phone", "一屏一问，手机", FIRM, "/my/orders/new", width=NARROW),
    Screen("firm-order", "需求：进程、方案并排、期限", CHOOSER, "/my", (TO_DECIDE,)),
    Screen("firm-order-phone", "需求，手机", CHOOSER, "/my", (TO_DECIDE,), NARROW),
    Screen("desk-inbox", "网点收件箱：按剩余工作时间排", CLERK, "/desk"),
    Screen("desk-inbox-dark", "网点收件箱，深色", CLERK, "/desk", dark=True),
    Screen("desk-case", "分单：左边需求，右边数据包和决定", CLERK, "/desk", (CONTACTED, "a[data-key=p] || body")),
    Screen("desk-refusal", "拒绝：理由树，打字查找", CLERK, "/desk", (CONTACTED, "a[data-key=r]")),
    Screen("bank-overview", "总部：各网点按时率和红灯", HEAD, "/bank"),
    Screen("bank-pools", "总部：额度池", HEAD, "/bank/pools"),
    Screen("supervision-morning", "监管：今早什么是红的", "regulator", "/supervision"),
    Screen("supervision-overview", "监管概览：漏斗、按月、原因、区县", "regulator", "/supervision/overview"),
    Screen("supervision-overview-en", "The overview in English", "regulator", "/supervision/overview", lang="en"),
    Screen("supervision-conduct", "行为监测：哪些网点的做法明显偏高", "regulator", "/supervision/conduct"),
    Screen("ops-batches", "数据批次", "operator", "/ops/batches"),
)  # fmt: skip


@contextlib.contextmanager
def _city() -> Iterator[str]:
    """The demo as a process of its own; ended with the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="screens-") as home, (Path(home) / "demo.log").open("w+b") as log:
        Path(home).chmod(0o755)  # Started as root, the database runs as somebody else, who must get in.
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "demo", "--port", str(port)], stdout=log, stderr=log,
            env=os.environ | {"XINYIDAI_HOME": home, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        try:
            _wait(process, Path(log.name))
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(2)
            process.wait(timeout=60)


def _wait(process: "subprocess.Popen[bytes]", log: Path) -> None:
    print("Making the city (a few minutes) …", flush=True)
    deadline = time.monotonic() + READY_SECONDS_MAX
    while SERVING not in log.read_text(errors="replace"):
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit("the demo did not come up:\n" + "\n".join(log.read_text(errors="replace").splitlines()[-15:]))
        time.sleep(0.5)


async def _take(page: Page, screen: Screen, base: str) -> str:
    """Walk to the page and keep its picture; what went wrong, or nothing."""
    await page.goto(base + screen.path)
    for selectors in screen.presses:
        for selector in selectors.split(" || "):
            if await page.locator(selector).count():
                break
        else:
            return f"{screen.name}: nothing to press at {selectors}"
        if selector != "body":
            await page.locator(selector).first.click()
            await page.wait_for_load_state()
    heading = await page.locator("h1").first.inner_text()
    tall: int = await page.evaluate("() => document.documentElement.scrollHeight")
    for height in HEIGHTS:
        clip = {"x": 0, "y": 0, "width": screen.width, "height": min(height, tall)}
        shot = await page.screenshot(full_page=True, clip=clip, animations="disabled")  # type: ignore[arg-type]
        if len(shot) <= SIZE_MAX:
            (FOLDER / f"{screen.name}.png").write_bytes(shot)
            print(f"{screen.name}.png  {len(shot) // 1000} kB  {screen.width}×{clip['height']}  {heading}", flush=True)
            return ""
    return f"{screen.name}: larger than {SIZE_MAX} bytes at every height"


async def _context(browser: Browser, base: str, screen: Screen) -> BrowserContext:
    context = await browser.new_context(
        locale="zh-CN" if screen.lang == "zh" else "en-GB", viewport={"width": screen.width, "height": HEIGHTS[-2]},
        timezone_id="Asia/Shanghai", reduced_motion="reduce", color_scheme="dark" if screen.dark else "light",
    )  # fmt: skip
    if screen.login in SOUGHT:
        await _sign_in_as_one(context, base, screen.login)
    elif screen.login:
        await (await _sign_in(context, base, screen.login)).close()
    return context


async def _sign_in(context: BrowserContext, base: str, login: str) -> Page:
    page = await context.new_page()
    await page.goto(base + "/login")
    await page.fill("#f-login", login)
    await page.fill("#f-password", PASSWORD)
    await page.click("main button[type=submit]")
    await page.wait_for_load_state()
    return page


async def _sign_in_as_one(context: BrowserContext, base: str, who: str) -> None:
    """As the first of those people who has it."""
    logins, path, selector = SOUGHT[who]
    for login in logins:
        page = await _sign_in(context, base, login)
        if not page.url.endswith("/login"):
            await page.goto(base + path)
        found = await page.locator(selector).count()
        await page.close()
        if found:
            return
        await context.clear_cookies()


async def take_all(base: str, names: list[str]) -> list[str]:
    """Every picture (or those named); returns what could not be taken."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wrong = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_browser(), args=flags())
        for screen in SCREENS:
            if names and screen.name not in names:
                continue
            context = await _context(browser, base, screen)
            if said := await _take(await context.new_page(), screen, base):
                wrong.append(said)
            await context.close()
        await browser.close()
    _write_list()
    return wrong


def _write_list() -> None:
    taken = [screen for screen in SCREENS if (FOLDER / f"{screen.name}.png").exists()]
    lines = [
        "# Screens", "",
        "Made by `make screens` out of the demo's invented city; what they say depends on the day.", "",
        *(f"- [{screen.name}.png]({screen.name}.png): {screen.said}" for screen in taken),
    ]  # fmt: skip
    (FOLDER / "README.md").write_text("\n".join(lines) + "\n")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--base", help="a demo that runs already, as http://host:port")
    asked.add_argument("names", nargs="*", help="only these pictures")
    given = asked.parse_args()
    with contextlib.nullcontext(given.base) if given.base else _city() as base:
        wrong = asyncio.run(take_all(base, given.names))
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
