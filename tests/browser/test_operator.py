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
BOTH = pytest.mark.parametrize(("lang", "width"), [("zh", WIDE), ("zh", NARROW), ("en", WIDE), ("en", NARROW)])
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
        names = [OutletEntry("某某大道营业部", address="渝中区一路"), OutletEntry("某某协会办事处")]
        await parties.outlets.place_outlets(tx, names, now=tx.now)
    walk = await visit(lang, width)
    walk.page.on("dialog", lambda dialog: dialog.accept())
    await walk.sign_in(OPERATOR, PASSWORD)

    await walk.open("/ops/outlets")
    await walk.shot("ops-outlets")
    await walk.page.select_option("#b-1", str(town.banks[0].bank_id))
    await walk.press("form[action$='/placement'] button")
    await walk.press("form[action$='/dismissal'] button")

    await walk.says("没有待归属的网点" if lang == "zh" else "No outlets to place")
