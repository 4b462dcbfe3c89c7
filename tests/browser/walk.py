"""Walking pages as a visitor does: in Chromium, in one language, at one width, and with every fault remembered."""

import os
import re
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import BrowserContext, ConsoleMessage, Page, Response

from tests.browser import axe

CANDIDATES: Final = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)  # fmt: skip
FLAGS: Final = (
    "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--font-render-hinting=none",
)  # fmt: skip
NARROW, WIDE = 360, 1280
HEIGHTS: Final = {NARROW: 740, WIDE: 860}
# Text that a visitor can see, outside what is marked as data: names, letters, reasons as a bank wrote them.
FOREIGN_WORDS: Final = r"""() => {
  const found = [], cjk = /[\u3400-\u9fff\uff00-\uffef]/;
  const isData = (node) => node && node.closest('[data-text],[lang^="zh"],code,script,style');
  const root = document.documentElement.lang.startsWith('zh') ? null : document.body;
  if (!root) return found;
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());)
    if (cjk.test(node.data) && !isData(node.parentElement)) found.push(node.data.trim());
  for (const node of root.querySelectorAll('[title],[aria-label],[placeholder],[alt]'))
    for (const name of ['title', 'aria-label', 'placeholder', 'alt'])
      if (cjk.test(node.getAttribute(name) || '') && !isData(node)) found.push(`${name}=${node.getAttribute(name)}`);
  if (cjk.test(document.title)) found.push(document.title);
  return found;
}"""
WORDS: Final = r"""() => {
  const kept = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());)
    if (!node.parentElement.closest('[data-text],code,script,style')) kept.push(node.data);
  return kept.join('\n');
}"""
OVERFLOW: Final = r"""() => {
  const width = document.documentElement.clientWidth;
  if (document.scrollingElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > width + 1)
    .slice(0, 5).map((e) => `${e.tagName}.${e.className}: ${e.textContent.trim().slice(0, 40)}`);
}"""
# What the content security policy refused, told to the walk by the name of a function that it gives to every page.
POLICY: Final = """addEventListener('securitypolicyviolation', (e) =>
  refusedByPolicy(`${e.effectiveDirective} ${e.blockedURI} ${e.sample || ''}`))"""
LEAKED_KEY: Final = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b|\bNone\b|\{[a-z_]*\}|%\([a-z]+\)s|<[A-Z]\w+")


def find_browser() -> str:
    """The browser to walk with: `CHROMIUM`, else one that is installed; fails in one line when there is none."""
    for name in (os.environ.get("CHROMIUM", ""), *CANDIDATES):
        if name and (path := shutil.which(name)):
            return path
    pytest.fail(
        "No Chromium: install one (Debian: apt-get install chromium fonts-noto-cjk), name it in CHROMIUM, "
        "or leave these tests out with BROWSER=0.",
        pytrace=False,
    )


def flags() -> list[str]:
    return [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else list(FLAGS)


@dataclass(slots=True)
class Walk:
    """One visitor's browser. `faults` fill by themselves; the fixture fails a test that leaves any."""

    context: BrowserContext
    page: Page
    base: str
    lang: str
    width: int
    scripts: bool = True  # Without them axe-core, which waits for promises, cannot judge.
    faults: list[str] = field(default_factory=list)

    async def listen(self) -> None:
        await self.context.expose_function(
            "refusedByPolicy", lambda what: self.faults.append(f"policy on {self.page.url}: {what}")
        )
        await self.context.add_init_script(POLICY)
        self.page.on("console", lambda message: self._console(message))
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.page.on("response", lambda response: self._response(response))

    def _console(self, message: ConsoleMessage) -> None:
        # An expected 4xx is also "an error" to the console; what the server broke is seen in the response itself.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(f"console on {self.page.url}: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.faults.append(f"{response.status} {response.request.method} {response.url}")

    async def open(self, path: str) -> None:
        """Go to a path of ours and judge the page that comes."""
        await self.page.goto(self.base + path)
        await self.look()

    async def sign_in(self, login: str, password: str) -> None:
        await self.page.goto(self.base + "/login")
        await self.page.fill("#f-login", login)
        await self.page.fill("#f-password", password)
        await self.page.click("main button[type=submit]")
        await self.page.wait_for_load_state()

    async def press(self, selector: str) -> None:
        """Click what leads to another page, say yes where it asks once more, and judge the page that comes."""
        await self.page.locator(selector).first.click()
        if await self.page.locator("dialog#confirm[open]").count():
            await self.look()
            async with self.page.expect_navigation():
                await self.page.click("dialog#confirm [data-sure]")
        await self.page.wait_for_load_state()
        await self.look()

    async def look(self) -> None:
        """The page in hand: no foreign words, no bare key, nothing beyond the right edge, nothing grave to axe-core."""
        where = self.page.url.removeprefix(self.base)
        foreign: list[str] = await self.page.evaluate(FOREIGN_WORDS)
        keys = LEAKED_KEY.findall(await self.page.evaluate(WORDS))
        wide: list[str] = await self.page.evaluate(OVERFLOW)
        self.faults += [f"untranslated on {where}: {words}" for words in foreign]
        self.faults += [f"a key instead of words on {where}: {key}" for key in keys]
        self.faults += [f"beyond {self.width} px on {where}: {element}" for element in wide]
        if self.scripts:
            self.faults += await axe.judge(self.page, where, self.width)

    async def says(self, words: str) -> None:
        """The page shows these words."""
        text = await self.page.inner_text("body")
        assert words in text, f"{words!r} is not on {self.page.url}:\n{text[:2000]}"

    async def shot(self, name: str) -> Path:
        """Keep a picture of the whole page under `SHOTS` (a temporary folder when that is not set)."""
        folder = Path(os.environ.get("SHOTS") or Path(tempfile.gettempdir()) / "xinyidai-shots")
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}-{self.lang}-{self.width}.png"
        await self.page.screenshot(path=path, full_page=True)
        return path
