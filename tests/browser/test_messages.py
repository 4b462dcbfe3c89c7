"""Messages: what happened lies in the mailbox of whom it concerns, and a confirmed number gets a copy."""

import json
from pathlib import Path

import pytest

from app.infra.db import Database, Role
from app.kernel.ids import new_id
from app.office import messages
from app.office.messages import Audience, Draft, Mailbox, Recorder
from tests.browser.conftest import Visit
from tests.browser.test_operator import OPERATOR, make_operator
from tests.browser.town import OWNER, PASSWORD, make_town
from tests.browser.walk import NARROW, WIDE

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize(("lang", "width"), [("zh", NARROW), ("en", WIDE)])  # The others: test_every_page.


@BOTH
async def test_an_owner_reads_what_happened_and_has_it_sent(
    db: Database, visit: Visit, tmp_path: Path, lang: str, width: int
):
    """Empty at first; then what is new is counted on every page, marked in the box, and old after one look."""
    town = await make_town(db)
    box, recorder = Mailbox(Audience.FIRM, town.business_id), Recorder(tmp_path / "recorded.jsonl")
    walk = await visit(lang, width)
    await walk.sign_in(OWNER, PASSWORD)
    await walk.open("/messages")
    await walk.says("还没有消息" if lang == "zh" else "No messages yet")
    await walk.shot("messages-none")
    async with db.transaction(Role.WORKER) as tx:
        for kind, slots in (
            ("firm.accepted", {}),
            ("firm.offered", {"amount_fen": 50_000_000, "rate_ppm": 61_000, "days": 10}),
        ):
            draft = Draft(box, kind, {**slots, "bank": town.banks[0].name}, "/my", new_id())
            await messages.write(tx, draft, at=tx.now)

    await walk.open("/my")
    await walk.page.wait_for_selector(".unread", state="attached")
    await walk.open("/messages")
    await walk.says("¥50 万" if lang == "zh" else "¥500,000")
    await walk.shot("messages-new")
    assert 2 == await walk.page.locator(".messages .new").count()
    await walk.open("/messages")
    assert 0 == await walk.page.locator(".messages .new").count()

    await walk.press("main a[href='/messages/addresses']")
    await walk.page.fill("#f-sms", "023-000")
    await walk.press("section:has(#f-sms) form button")
    await walk.says("格式不正确" if lang == "zh" else "does not look right")
    await walk.shot("messages-addresses-fault")
    await walk.page.fill("#f-sms", "199 0000 1234")
    await walk.press("section:has(#f-sms) form button")
    await walk.says("199****1234")
    await messages.send_due(db, recorder)
    code = json.loads(recorder.file.read_text().splitlines()[-1])["text"].split("验证码是 ")[1][:6]
    await walk.page.fill("#f-code", code)
    await walk.press("form[action$=confirmation] button")
    await walk.says("已确认" if lang == "zh" else "Confirmed")
    await walk.shot("messages-addresses")
    await make_operator(db)
    async with db.transaction(Role.WORKER) as tx:
        draft = Draft(box, "firm.offered", {"amount_fen": 1, "rate_ppm": 1, "days": 1, "bank": "XY"}, "/my", new_id())
        await messages.write(tx, draft, at=tx.now)
    await messages.send_due(db, recorder)
    await walk.sign_in(OPERATOR, PASSWORD)
    await walk.open("/ops/outbox")
    await walk.says("只记录，不发送" if lang == "zh" else "written down, not sent")
    await walk.shot("ops-outbox-copies")


async def test_a_number_is_confirmed_without_scripts(db: Database, visit: Visit, tmp_path: Path):
    """A phone that runs no script gets its code as well."""
    await make_town(db)
    recorder = Recorder(tmp_path / "recorded.jsonl")
    walk = await visit("zh", NARROW, java_script_enabled=False)
    await walk.page.goto(walk.base + "/login")
    await walk.page.fill("#f-login", OWNER)
    await walk.page.fill("#f-password", PASSWORD)
    await walk.page.click("main button[type=submit]")
    await walk.page.goto(walk.base + "/messages/addresses")
    await walk.page.fill("#f-email", "boss@firm.example")
    await walk.page.click("section:has(#f-email) form button")
    await messages.send_due(db, recorder)
    code = json.loads(recorder.file.read_text().splitlines()[-1])["text"].split("验证码是 ")[1][:6]

    await walk.page.fill("#f-code", code)
    await walk.page.click("form[action$=confirmation] button")

    await walk.says("b***@firm.example")
    await walk.says("已确认")
    await walk.page.click("form[action$=removal] button")
    await walk.says("不再向这个地址发送")
