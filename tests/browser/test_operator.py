"""The operator: files with their receipts, outlets that wait for their bank, parked events."""

import gzip
from datetime import date

import pytest

from app.access import orgs, seats
from app.access.orgs import OrgKind
from app.access.seats import SeatRole
from app.credit import ingestion
from app.credit.ingestion import FileKind
from app.credit.ingestion.events import OutletsLanded
from app.infra import outbox
from app.infra.db import Database, Role, Scope
from app.kernel.ids import new_id
from app.market import parties
from app.market.parties.service.outlets import OutletEntry
from tests.browser.conftest import Visit
from tests.browser.town import PASSWORD, make_town
from tests.browser.walk import NARROW, WIDE
from tests.credit.ingestion.dirt import REGISTRY, uscc

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize(("lang", "width"), [("zh", WIDE), ("en", NARROW)])  # The others: test_every_page.
OPERATOR = "xy-operator"
GOOD, REST = uscc(901), "2019-01-02,有限责任公司,100万元,测试,重庆,渝中区,渝中区一路"
FILE = f"""{REGISTRY}
示例甲有限公司,{GOOD},{REST}
示例乙有限公司,{GOOD[:-1]}{"0" if GOOD[-1] != "0" else "1"},{REST}
,{uscc(902)},{REST}
示例丙有限公司,{GOOD},{REST}
"""

PLAIN = "\n".join(f"示例{n}号有限公司,{uscc(n)},{REST}" for n in range(910, 930))
DIRTY = f"""{FILE}{PLAIN}
示例丁有限公司,{uscc(903)},{REST.replace("渝中区,", "渝北新区,")}
示例戊有限公司,{uscc(904)},{REST.replace("渝中区,", "渝北新区,")}
示例己有限公司,{uscc(905)},{REST.replace("2019-01-02", "二月三十日")}
"""


async def make_operator(db: Database) -> None:
    async with db.transaction(Role.OPS) as tx:
        org = await orgs.create_org(tx, OrgKind.PLATFORM, "示例平台")
        person = await orgs.create_person(tx, OPERATOR, "示例运营")
        await seats.set_first_password(tx, person.person_id, PASSWORD)
        await seats.create_seat(tx, person.person_id, org.org_id, SeatRole.OPERATOR)


@BOTH
async def test_a_file_is_looked_through_loaded_and_its_receipt_worked_through(
    db: Database, visit: Visit, lang: str, width: int
):
    """Nothing is loaded before the person has seen what would become of it; then each row put aside has its cause."""
    await make_town(db)
    await make_operator(db)
    walk = await visit(lang, width)
    await walk.sign_in(OPERATOR, PASSWORD)

    await walk.open("/ops/batches")
    await walk.page.set_input_files(
        "#f-file", {"name": "登记.csv.gz", "mimeType": "application/gzip", "buffer": gzip.compress(FILE.encode())}
    )
    await walk.shot("ops-batches")
    await walk.press("form[enctype] button")
    await walk.says("尚未装载" if lang == "zh" else "not loaded")
    await walk.shot("ops-batch-profile")
    before = await landed(db)
    await walk.press("form[action$='/acceptance'] button")
    await walk.says("尚未生效" if lang == "zh" else "not yet in force")
    await walk.shot("ops-batch-waiting")
    await ingestion.load_waiting(db)
    await walk.page.wait_for_selector("#batch .tone-good")  # The page looks again by itself.
    await walk.look()
    await walk.shot("ops-batch-receipt")
    await walk.press("table a[href*='code=']")

    await walk.says("原值与建议" if lang == "zh" else "What stood there")
    assert (before, await landed(db)) == (0, 1)
    await walk.shot("ops-batch-cause")
    await walk.open("/ops/batches")
    await walk.shot("ops-batches-after")


async def landed(db: Database) -> int:
    async with db.reading(Role.WORKER) as tx:
        return await tx.value("select count(*) from batches where state = 'landed'")


@BOTH
async def test_rows_put_aside_are_worked_off_by_cause(db: Database, visit: Visit, lang: str, width: int):
    """The list is by cause and by value; a mark takes rows off it, and undo brings them back."""
    await make_town(db)
    await make_operator(db)
    await load(db, "登记.csv", DIRTY)
    walk = await visit(lang, width)
    await walk.sign_in(OPERATOR, PASSWORD)

    await walk.open("/ops/quarantine")
    await walk.shot("ops-quarantine")
    await walk.press("nav.causes a[href*='place_unknown']")
    await walk.says("渝北新区")
    await walk.says("渝北区")  # A known spelling that is much like it.
    await walk.shot("ops-quarantine-places")
    await walk.page.check("input[name=pick]")
    await walk.press("form[action$='/marks'] button.btn-primary")
    await walk.says("已标记 2 行" if lang == "zh" else "2 rows are marked")
    await walk.shot("ops-quarantine-marked")
    await walk.press("form[action$='/undo'] button")
    await walk.says("2 行回到待处理" if lang == "zh" else "2 rows are open again")

    await walk.open("/ops/scoreboard")
    await walk.shot("ops-scoreboard")


async def load(db: Database, file_name: str, text: str) -> None:
    """A file of the platform's own, in force."""
    async with db.transaction(Role.OPS) as tx:
        org_id = await tx.value("select org_id from orgs where kind = 'platform'")
    async with db.transaction(Role.OPS, Scope(org_id=org_id)) as tx:
        await ingestion.store_batch(
            tx, FileKind.REGISTRY, file_name, text.encode(), now=tx.now, provider_id=org_id, as_of_on=date(2025, 9, 22)
        )
    await ingestion.load_waiting(db)


@BOTH
async def test_a_parked_event_is_tried_again(db: Database, visit: Visit, lang: str, width: int):
    """What eight tries could not deliver is in sight, with its error, and goes back by one press."""
    await make_operator(db)
    async with db.transaction(Role.WORKER) as tx:
        event = OutletsLanded(stream_id=new_id(), at=tx.now, batch_id=new_id())
        await outbox.record(tx, event)
    async with db.transaction(Role.WORKER) as tx:  # What is recorded is written with its commit.
        await tx.execute("update outbox_deliveries set attempts = 8, error = 'LookupError', parked_at = $1", tx.wall)
    walk = await visit(lang, width)
    await walk.sign_in(OPERATOR, PASSWORD)

    await walk.open("/ops/health")
    await walk.says("停放 1 件" if lang == "zh" else "1 parked")
    await walk.says("还没有运行过" if lang == "zh" else "It has never run")
    await walk.shot("ops-health")
    await walk.press("a[href='/ops/outbox'].nav-link" if width == WIDE else "tbody a[href='/ops/outbox']")
    await walk.shot("ops-outbox")
    await walk.press("form[action='/ops/outbox/retry'] button")

    await walk.says("已放回队列" if lang == "zh" else "Back in the queue")
    await walk.shot("ops-outbox-after")


@BOTH
async def test_outlets_are_placed_or_put_aside(db: Database, visit: Visit, lang: str, width: int):
    """A person says whose outlet it is where the name does not."""
    town = await make_town(db)
    await make_operator(db)
    async with db.transaction(Role.OPS) as tx:
        names = [
            OutletEntry(f"{town.banks[1].name[:4]}某某大道营业部", address="渝中区一路"),
            OutletEntry("某某协会办事处"),
        ]
        await parties.outlets.place_outlets(tx, names, now=tx.now)
    walk = await visit(lang, width)
    await walk.sign_in(OPERATOR, PASSWORD)

    await walk.open("/ops/outlets")
    await walk.shot("ops-outlets")
    await walk.page.fill("#b-1", town.banks[0].name)
    await walk.press("form.place button")
    await walk.press("form[action$='/dismissal'] button")
    await walk.says("没有待归属的网点" if lang == "zh" else "No outlets to place")
    await walk.shot("ops-outlets-done")
    await walk.press("form[action$='/reopening'] button")

    await walk.says("这个网点回到队列里" if lang == "zh" else "the outlet waits again")
    await walk.says("某某协会办事处")


async def make_officer(db: Database) -> None:
    async with db.transaction(Role.OPS) as tx:
        org = await orgs.create_org(tx, OrgKind.DEPARTMENT, "示例部门")
        person = await orgs.create_person(tx, "xy-officer", "示例数据员")
        await seats.set_first_password(tx, person.person_id, PASSWORD)
        await seats.create_seat(tx, person.person_id, org.org_id, SeatRole.DATA_OFFICER)


@BOTH
async def test_a_large_file_shows_how_far_it_is_and_can_be_stopped(db: Database, visit: Visit, lang: str, width: int):
    """The worker has it; the page says so, one may leave it, and giving it up takes a second yes."""
    await make_town(db)
    await make_officer(db)
    walk = await visit(lang, width)
    await walk.sign_in("xy-officer", PASSWORD)
    await walk.open("/ops/batches")
    await walk.shot("officer-batches-empty")
    async with db.transaction(Role.OPS) as tx:
        org_id = await tx.value("select org_id from orgs where kind = 'department'")
    async with db.transaction(Role.OPS, Scope(org_id=org_id)) as tx:
        batch = await ingestion.store_batch(
            tx, FileKind.REGISTRY, "大文件.csv", DIRTY.encode(), now=tx.now, provider_id=org_id, offer=True
        )
    async with db.transaction(Role.WORKER) as tx:
        await tx.execute(
            "insert into batch_progress (batch_id, rows_read, at, phase, began_at, rows_expected)"
            " values ($1, 80000, $2::timestamptz, 'profile', $2::timestamptz - interval '10 seconds', 240000)",
            batch.batch_id, tx.wall,
        )  # fmt: skip

    await walk.open(f"/ops/batches/{batch.batch_id}")
    await walk.says("80,000")
    await walk.says("约还需 20 秒" if lang == "zh" else "about 20 seconds left")
    await walk.shot("officer-progress")
    await walk.page.click("summary.btn")
    await walk.press("form[action$='/discard'] button")

    await walk.says("没有一行生效" if lang == "zh" else "not a row in force")
    await walk.shot("officer-discarded")
    for path in ("/ops/quarantine", "/ops/scoreboard"):
        await walk.open(path)
        await walk.shot("officer" + path.replace("/", "-"))


async def test_everything_works_without_scripts_and_by_keyboard(db: Database, visit: Visit):
    """Upload, look, load, mark: forms and links alone."""
    await make_town(db)
    await make_operator(db)
    walk = await visit("zh", WIDE, java_script_enabled=False, color_scheme="dark")
    await walk.sign_in(OPERATOR, PASSWORD)
    await walk.page.goto(walk.base + "/ops/batches")
    await walk.page.set_input_files("#f-file", {"name": "a.csv", "mimeType": "text/csv", "buffer": DIRTY.encode()})
    await walk.page.click("form[enctype] button")
    await walk.says("尚未装载")
    await walk.shot("ops-dark-profile")
    await walk.page.focus("form[action$='/acceptance'] button")
    async with walk.page.expect_navigation():
        await walk.page.keyboard.press("Enter")
    await ingestion.load_waiting(db)
    await walk.page.goto(walk.base + "/ops/quarantine?code=place_unknown")
    await walk.shot("ops-dark-quarantine")
    await walk.page.click("button[name=every]")

    await walk.says("已标记 2 行")
    await walk.page.goto(walk.base + "/ops/health")
    await walk.shot("ops-dark-health")
