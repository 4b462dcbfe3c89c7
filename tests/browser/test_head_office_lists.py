"""A bank's head office publishes what its branches may decide: one list by a form, many by a file, by two people."""

from pathlib import Path

import pytest

from app.demo import city
from app.infra.db import Database
from tests.browser.conftest import Visit
from tests.browser.town import PASSWORD, TODAY, make_town
from tests.browser.walk import NARROW, WIDE

pytestmark = pytest.mark.browser
EACH = pytest.mark.parametrize(("lang", "width"), [("zh", WIDE), ("en", NARROW)])
FIRST, SECOND = (f"{city.make_city(TODAY, firms=1).banks[0].login}-{who}" for who in "ab")
HEADS = (
    "网点,产品代码,最低金额（万元）,授权上限（万元）,审批限额（万元）,最长期限（月）,最低利率（%）,最高利率（%）"
    ",所需材料"
)


@EACH
async def test_a_list_gets_a_new_version_and_its_document_names_both_people(
    db: Database, visit: Visit, lang: str, width: int
):
    """The copy for the next quarter has the quarter's dates; once agreed to it stands there as one to come."""
    await make_town(db)
    walk, other = await visit(lang, width), await visit(lang, width)
    await walk.sign_in(FIRST, PASSWORD)
    await other.sign_in(SECOND, PASSWORD)

    await walk.open("/bank/lists")
    await walk.shot("bank-lists")
    await walk.press("table td a[href^='/bank/lists/']")
    await walk.shot("bank-list")
    await walk.press("a[href$='draft=next-quarter']")
    assert "2025-10-01" == await walk.page.input_value("#f-valid_from")
    assert "2025-12-31" == await walk.page.input_value("#f-valid_to")
    await walk.page.fill("#f-ceiling_wan", "150")
    await walk.shot("bank-list-new")
    await walk.press("form[action='/bank/lists'] button")
    await other.open("/desk/proposals")
    await other.shot("bank-proposals")
    await other.press("form[action$='/approval'] button")
    await walk.open("/bank/lists")
    await walk.says("待生效的版本" if lang == "zh" else "Versions to come")
    await walk.press("ul.acts a[href^='/bank/lists/']")
    await walk.says("示例人员0a")
    await walk.says("示例人员0b")
    await walk.shot("bank-list-ahead")


@EACH
async def test_a_file_changes_many_lists_after_its_differences_were_looked_at(
    db: Database, visit: Visit, lang: str, width: int, tmp_path: Path
):
    """Errors stand line by line and nothing is proposed; the mended file is; the second person sees every line."""
    branch = f"{(await make_town(db)).banks[0].name}渝中支行"
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    bad.write_text(f"{HEADS}\n{branch},XY-FP,5,150,100,24,3.85,9,=1+1\n无此支行,XY-SH,5,两百,100,12,3.6,8.4,\n")
    lines = (f"{branch},XY-FP,5,150,100,24,3.85,9,营业执照；流水", f"{branch},XY-SH,5,200,80,12,3.6,8.4,")
    good.write_text("\n".join([HEADS, *lines]))
    walk, other = await visit(lang, width), await visit(lang, width)
    await walk.sign_in(FIRST, PASSWORD)
    await other.sign_in(SECOND, PASSWORD)

    await walk.open("/bank/lists/bulk")
    await walk.shot("bank-bulk")
    await walk.page.set_input_files("#f-file", bad)
    await walk.press("form[enctype] button")
    await walk.says("像表格公式" if lang == "zh" else "Looks like a formula")
    await walk.says("第 3 行" if lang == "zh" else "row 3")
    assert 0 == await walk.page.locator("form[action$='/submission']").count()
    await walk.shot("bank-bulk-faults")
    await walk.page.set_input_files("#f-file", good)
    await walk.press("form[enctype] button")
    await walk.shot("bank-bulk-differences")
    await walk.press("form[action$='/submission'] button")
    await walk.says("您提交的" if lang == "zh" else "Yours: another person")
    await walk.shot("bank-bulk-waiting")
    await other.open("/desk/proposals")
    await other.press("a[href^='/bank/lists/changes/']")
    await other.says("示例人员0a")
    await other.shot("bank-bulk-second")
    await other.press("form[action$='/approval'] button")
    await walk.open("/bank/lists")

    await walk.says("第 2 版" if lang == "zh" else "No. 2")


async def test_lists_are_copied_to_the_next_quarter_without_scripts(db: Database, visit: Visit):
    """Looked at, handed in, agreed to: forms alone. What was downloaded changes nothing when it comes back."""
    await make_town(db)
    walk, other = [await visit("zh", width, java_script_enabled=False) for width in (NARROW, WIDE)]
    await walk.sign_in(FIRST, PASSWORD)
    await other.sign_in(SECOND, PASSWORD)

    for kind in ("csv", "xlsx"):
        answer = await walk.context.request.get(f"{walk.base}/bank/lists/files/in-force.{kind}")
        file = {"name": f"in-force.{kind}", "mimeType": "application/octet-stream", "buffer": await answer.body()}
        await walk.open("/bank/lists/bulk")
        await walk.page.set_input_files("#f-file", file)
        await walk.page.click("form[enctype] button")
        await walk.says("2 份与现行一致")
    await walk.open("/bank/lists/next-quarter")
    await walk.shot("bank-next-quarter")
    await walk.page.click("form[action$='/submission'] button")
    await walk.says("2 份清单")
    await other.page.goto(walk.page.url)
    await other.page.click("form[action$='/approval'] button")
    await walk.open("/bank/lists")
    await walk.says("2025-10-01 至 2025-12-31")
