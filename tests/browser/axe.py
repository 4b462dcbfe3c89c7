"""What axe-core finds on a page in hand: WCAG 2.x A and AA and its best practice; serious and critical are faults.

The script goes in by the debugger's way, which the page's content security policy does not govern; the policy itself
stays in force. A page is judged once a session for each shape of it (path, width, kinds of elements), in light and,
for contrast, in dark.
"""

import hashlib
import json
import re
from typing import Any, Final

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page

TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
GRAVE: Final = frozenset({"serious", "critical"})
FAULTS_MAX: Final = 12  # Of one page: the same slip in a hundred rows is told once or twice, not a hundred times.
SHAPE: Final = """() => [...new Set([...document.querySelectorAll('body *')].map(
  (e) => e.tagName + '.' + e.className + '#' + (e.getAttribute('role') || '') + (e.getAttribute('type') || '')
))].sort().join(' ')"""
RUN: Final = """(options) => axe.run(document, options).then((r) => r.violations.map((v) => ({
  rule: v.id, impact: v.impact, help: v.help, nodes: v.nodes.slice(0, 4).map((n) => ({
    target: n.target.flat().join(' '), html: n.html.slice(0, 240),
    why: [...n.any, ...n.all, ...n.none].map((c) => c.message).join('; ').slice(0, 240)}))})))"""
_VARYING: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|=[^&]*|\d+")  # Ids, values of a query, numbers.
_judged: set[str] = set()


def pattern_of(where: str) -> str:
    """The path and the names in its query, without ids and values: one pattern for all orders."""
    return _VARYING.sub("*", where)


async def judge(page: Page, where: str, width: int) -> list[str]:
    """The faults of the page in hand; none when a page of this shape was judged before."""
    shape = hashlib.blake2b(str(await page.evaluate(SHAPE)).encode(), digest_size=12).hexdigest()
    key = f"{pattern_of(where)} {width} {shape}"
    if key in _judged:
        return []
    was_dark = await page.evaluate("() => matchMedia('(prefers-color-scheme: dark)').matches")
    await page.evaluate(AXE_SCRIPT)
    found = await _run(page, {"runOnly": {"type": "tag", "values": list(TAGS)}, "preload": False}, where)
    await page.emulate_media(color_scheme="dark")
    contrast = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "preload": False}
    found += [f"{fault} (dark)" for fault in await _run(page, contrast, where)]
    await page.emulate_media(color_scheme="dark" if was_dark else "light")
    if not found:
        _judged.add(key)
    return found[:FAULTS_MAX]


async def _run(page: Page, options: dict[str, Any], where: str) -> list[str]:
    violations: list[dict[str, Any]] = json.loads(
        await page.evaluate(f"(options) => ({RUN})(options).then(JSON.stringify)", options)
    )
    return [
        f"axe {one['rule']} on {where}: {node['target']} — {node['why'] or one['help']} — {node['html']}"
        for one in violations
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]
