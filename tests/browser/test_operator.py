"""The operator: files with their receipts, outlets that wait for their bank, parked events."""

import gzip

import pytest

from app.access import orgs, seats
from app.access.orgs import OrgKind
from app.access.seats import SeatRole
from app.credit import ingestion
from app.credit.ingestion.events import OutletsLanded
from app.infra import outbox
from app.infra.db import Database, Role
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
async def test_a_parked_event_is_tried_again(db: Database, visit: Visit, lang: str, width: int):
    """What eight tries could not deliver is in sight, with its error, and goes back by one press."""
    await make_operator(db)
    async with db.transaction(Role.WORKER) as tx:
        event = OutletsLanded(stream_id=new_id(), at=tx.now, batch_id=new_id())
        await outbox.record(tx, event)
        await tx.execute("update outbox_deliveries set attempts = 8, error = 'LookupError', parked_at = $1", tx.wall)
    walk = await visit(lang, width)
    await walk.sign_in(OPERATOR, PASSWORD)

    await walk.open("/ops/outbox")
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
