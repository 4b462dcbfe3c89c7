"""Files as other providers would send them: what a data officer expects of each, whole files in, receipts out."""

import io
import random
import zipfile

import pytest

from app.credit.ingestion.rules import FileKind
from tests.credit.ingestion.dirt import org_code, uscc
from tests.hostile.files import (
    LIST_HEAD,
    REGISTER_HEAD,
    SOLD_HEAD,
    Outcome,
    entry,
    firm,
    read,
    read_rows,
    sale,
    text,
    workbook,
    zipped,
)

R, L, V, M = FileKind.REGISTRY, FileKind.LIST, FileKind.INVOICES, FileKind.MASKED
ONE = Outcome(1)
PERSON = "11010519491231002X"  # The example of the standard; nobody's.
HEADER = REGISTER_HEAD.split(",")
PLAIN = text(REGISTER_HEAD, firm())
TITLES = "Company Name,Unified Social Credit Code,Registration_Date,Registered Capital,District"


def noted(*notes: str) -> Outcome:
    return Outcome(1, tuple(sorted(notes)))


def aside(*faults: str) -> Outcome:
    return Outcome(0, (), tuple(sorted(faults)))


def refused(why: str) -> Outcome:
    return Outcome(refused=why)


def register(**changes: str) -> bytes:
    return text(REGISTER_HEAD, firm(**changes)).encode()  # type: ignore[arg-type]


def listing(**changes: str) -> bytes:
    return text(LIST_HEAD, entry(**changes)).encode()  # type: ignore[arg-type]


def sales(**changes: str) -> bytes:
    return text(SOLD_HEAD, sale(**changes)).encode()


def spaced(head: str) -> str:
    """A header as a scan gives it."""
    return ",".join(" ".join(title) for title in head.split(","))


def slip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../../../etc/cron.d/x", "* * * * * root true")
    return out.getvalue()


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (200 << 20))
    return out.getvalue()


CASES: list[tuple[str, FileKind, bytes, Outcome]] = [
    # The bytes
    ("plain", R, PLAIN.encode(), ONE),
    ("GBK", R, PLAIN.encode("gbk"), ONE),
    ("UTF-8 with an order mark", R, PLAIN.encode("utf-8-sig"), ONE),
    ("UTF-16, as Unicode text", R, PLAIN.replace(",", "\t").encode("utf-16"), ONE),
    ("UTF-16 of the other end", R, b"\xfe\xff" + PLAIN.encode("utf-16-be"), ONE),
    ("UTF-16 without its mark", R, PLAIN.encode("utf-16-le"), refused("undecodable")),
    ("tabs", R, PLAIN.replace(",", "\t").encode(), ONE),
    ("semicolons", R, PLAIN.replace(",", ";").encode(), ONE),
    ("tabs and commas in the text", R, PLAIN.replace(",", "\t").replace("测试路", "测试路,甲,乙").encode(), ONE),
    ("Windows line ends", R, PLAIN.replace("\n", "\r\n").encode(), ONE),
    ("old Macintosh line ends", R, PLAIN.replace("\n", "\r").encode(), ONE),
    ("gzip", R, zipped(PLAIN), ONE),
    ("empty", R, b"", refused("empty")),
    ("blanks", R, b" \n\t\n", refused("empty")),
    ("header only", R, REGISTER_HEAD.encode(), refused("no_rows")),
    ("a page called csv", R, b"<html><table><tr><td>x</td></tr></table></html>", refused("not_a_table")),
    ("a page called xlsx", R, b"\xef\xbb\xbf\n<!DOCTYPE html><p>", refused("not_a_table")),
    ("a table of 2003 as XML", R, b'<?xml version="1.0"?><Workbook/>', refused("not_a_table")),
    ("PDF", R, b"%PDF-1.7\n1 0 obj", refused("not_a_table")),
    ("a program", R, b"MZ\x90\x00\x03", refused("not_a_table")),
    ("an old workbook", R, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), refused("old_workbook")),
    ("an archive with a path out of itself", R, slip(), refused("not_a_workbook")),
    ("a quote that is never closed", R, PLAIN.replace("测试,重庆", '"测试,重庆').encode(), refused("broken_quotes")),
    ("JSON", R, b'[{"name": "x"}]', refused("wrong_header")),
    ("a file of another kind", R, text(SOLD_HEAD, sale()).encode(), refused("wrong_header")),
    # The header
    ("header with blanks", R, text(spaced(REGISTER_HEAD), firm()).encode(), ONE),
    ("header with line breaks", R, PLAIN.replace("统一社会信用代码", '"统一社会\n信用代码"').encode(), ONE),
    ("header with quotes", R, PLAIN.replace("企业名称", '"企业名称"').encode(), ONE),
    ("header with stars and advice", R, PLAIN.replace("企业名称", "*企业名称（必填）").encode(), ONE),
    ("header with numbers", R, PLAIN.replace("企业名称", "1、企业名称").encode(), ONE),
    ("synonyms", R, PLAIN.replace("注册日期", "成立日期").replace("注册资金", "注册资本(万元)").encode(), ONE),
    ("English", R, text(TITLES, f"山城测试有限公司,{uscc(1)},2019-01-02,50万,渝中").encode(), ONE),
    ("another order", R, text("注册日期,统一社会信用代码,企业名称", f"2019-1-5,{uscc(1)},山城有限公司").encode(),
     noted("capital_not_stated", "place_not_stated")),
    ("more columns than known", R, text("序号," + REGISTER_HEAD + ",法定代表人", "1," + firm() + ",某").encode(), ONE),
    ("a title above", R, text("重庆市市场主体名录（2018年）", "", REGISTER_HEAD, firm()).encode(), ONE),
    ("a title of many cells above", R, text("名录" + "," * 8, "2018年" + "," * 8, REGISTER_HEAD, firm()).encode(), ONE),
    ("titles in two lines", R,
     text("企业名称,代码,注册日期", ",统一社会信用代码,", f"山城,{uscc(1)},2019-1-5").encode(),
     noted("capital_not_stated", "place_not_stated")),
    ("titles broken into two lines", R,
     text("企业,统一社会,注册", "名称,信用代码,日期", f"山城,{uscc(1)},2019-1-5").encode(),
     noted("capital_not_stated", "place_not_stated")),
    ("blank cells at the end of the header", R, text(REGISTER_HEAD + ",,", firm()).encode(), ONE),
    ("blank cells at the end of rows", R, text(REGISTER_HEAD, firm() + ",,,").encode(), ONE),
    ("blank rows at the end", R, text(REGISTER_HEAD, firm(), ",,,,,,,,", ",,,,,,,,", "").encode(), ONE),
    ("no column of codes", R, text("企业名称,注册日期", "山城,2019-1-5").encode(), refused("wrong_header")),
    ("the same column twice", R, text("企业名称,统一社会信用代码,注册日期,注册日期", "a,b,c,d").encode(),
     refused("header_repeated")),
    ("the header again further down", R, text(REGISTER_HEAD, firm(), REGISTER_HEAD, firm(3)).encode(), Outcome(2)),
    ("a row cut short", R, text(REGISTER_HEAD, firm(), "山城,只有两格").encode(), Outcome(1, (), ("cell_count",))),
    ("a bare comma inside a cell", R, register(scope="测试,甲"), aside("cell_count")),
    # Dates
    ("2019-1-5", R, register(day="2019-1-5"), ONE),
    ("2019/01/05", R, register(day="2019/01/05"), ONE),
    ("2019.1.5", R, register(day="2019.1.5"), ONE),
    ("20190105", R, register(day="20190105"), ONE),
    ("20190105.0", R, register(day="20190105.0"), ONE),
    ("2019年1月5日", R, register(day="2019年1月5日"), ONE),
    ("二〇一九年一月五日", R, register(day="二〇一九年一月五日"), ONE),
    ("二○一九年十二月三十一日", R, register(day="二○一九年十二月三十一日"), ONE),
    ("full-width date", R, register(day="２０１９－１－５"), ONE),
    ("a time behind", R, register(day="2019/1/5 0:00"), ONE),
    ("a workbook's serial", R, register(day="43467"), aside("date_unread")),
    ("the year at the end", R, register(day="1/5/2019"), aside("date_unread")),
    ("31 June", R, register(day="2019-06-31"), aside("date_unread")),
    ("1900-01-01", R, register(day="1900-01-01"), aside("date_too_early")),
    ("9999-12-31", R, register(day="9999-12-31"), aside("date_in_future")),
    ("a month only", R, register(day="2019-01"), aside("date_unread")),
    # Capital
    ("50万元", R, register(capital="50万元"), ONE),
    ("人民币50万元整", R, register(capital="人民币50万元整"), ONE),
    ("￥500000元", R, register(capital="￥500000元"), ONE),
    ("伍拾万元整", R, register(capital="伍拾万元整"), aside("capital_unread")),
    ("0.00", R, register(capital="0.00"), noted("capital_unit_assumed")),
    ("1e3", R, register(capital="1e3"), aside("capital_unread")),
    ("50-100万", R, register(capital="50-100万"), aside("capital_unread")),
    ("100万欧元", R, register(capital="100万欧元"), noted("capital_foreign")),
    ("未公示", R, register(capital="未公示"), noted("capital_not_stated")),
    # Names and places
    ("a masked name", R, register(name="重庆***有限公司"), aside("name_masked")),
    ("a line break inside a name", R, register(name='"山城测试\n有限公司"'), noted("name_spelling")),
    ("a script for a name", R, register(name="<script>alert(1)</script>"), ONE),
    ("a formula for a name", R, register(name="=cmd|'/c calc'!A1"), ONE),
    ("a county that is a district now", R, register(place="璧山县", day="2010-01-04"), ONE),
    ("another city", R, register(province="四川省", place="成都"), aside("outside_city")),
    ("a zero-width blank in a name", R, register(name="山城\u200b有限公司"), noted("name_spelling")),
    # Codes
    ("an apostrophe before the code", R, register(code="'" + uscc(1)), noted("cell_as_text")),
    ("a formula of text", R, register(code=f'="{uscc(1)}"'), noted("cell_as_text")),
    ("a tab behind the code", R, register(code=uscc(1) + "\t"), noted("code_blanks")),
    ("9.15E+17", R, register(code="9.15E+17"), aside("lost_digits")),
    ("a citizen id for a code", R, register(code=PERSON), aside("person_identifier")),
    ("a citizen id with a slip", R, register(code="110105194912310021"), aside("person_identifier")),
    ("a citizen id in the address", R, register(address=f"张三{PERSON}"), aside("person_identifier")),
    # Lists
    ("reasons 、", L, listing(why="失信被执行人名单、经营异常名录"), ONE),
    ("reasons ；", L, listing(why="失信被执行人名单；经营异常名录"), ONE),
    ("reasons ;", L, listing(why="失信被执行人名单;经营异常名录"), ONE),
    ("reasons ,", L, listing(why='"失信被执行人名单,经营异常名录"'), ONE),
    ("reasons /", L, listing(why="失信被执行人名单/经营异常名录"), ONE),
    ("reasons |", L, listing(why="失信被执行人名单|经营异常名录"), ONE),
    ("reasons on lines", L, listing(why='"失信被执行人名单\n经营异常名录"'), ONE),
    ("reasons parted by blanks", L, listing(why="失信被执行人名单 经营异常名录"), ONE),
    ("numbered reasons", L, listing(why="1.失信被执行人名单；2.经营异常名录"), ONE),
    ("a reason never seen", L, listing(why="失信被执行人名单、欠款不还"), aside("reason_unknown")),
    ("only separators", L, listing(why="、；"), aside("reason_missing")),
    ("the code in the column of the number", L, listing(reg=uscc(2), code=""), noted("code_moved")),
    ("the organisation code in the column of the code", L, listing(code=org_code(2)), noted("code_moved", "no_uscc")),
    ("15 digits", L, listing(reg="500103000012345", code=""), noted("no_code")),
    ("13 digits", L, listing(reg="5001032012345", code=""), noted("no_code")),
    ("15 digits as a figure", L, listing(reg="500103000012345.0", code=""), noted("no_code", "number_as_figure")),
    ("15 digits in powers of ten", L, listing(reg="5.00103E+14", code=""), aside("lost_digits")),
    ("15 digits that are an old citizen id", L, listing(reg="110105491231003", code=""), aside("person_identifier")),
    ("a masked name with a code", L, listing(name="重庆**有限公司"), ONE),
    ("a masked id of a person", L, listing(name="张**", code="510212********1234"), aside("uscc_malformed")),
    ("no header of ours", L, text("公司,原因", "山城,欠款").encode(), refused("wrong_header")),
    # Invoices
    ("thousands parted", V, sales(amount='"9,401.71"'), noted("sum_spelling")),
    ("￥", V, sales(amount="￥9401.71"), noted("sum_spelling")),
    ("元", V, sales(amount="9401.71元"), noted("sum_spelling")),
    ("noise of floats", V, sales(tax="1598.2900000000002"), noted("sum_spelling")),
    ("half a fen", V, sales(tax="1598.295"), aside("tax_unread")),
    ("powers of ten", V, sales(amount="9.40171E3"), aside("amount_unread")),
    ("a number as a figure", V, sales(number="11459356.0"), noted("number_as_figure")),
    ("20 digits in powers of ten", V, sales(number="2.55020000000123E+19"), aside("lost_digits")),
    ("tax of the other sign", V, sales(amount="-22.54", tax="0.68", total="-21.86"), aside("sign_mismatch")),
    ("a sum that does not add up", V, sales(total="11000.01"), aside("sum_mismatch")),
    ("作废", V, sales(status="作废"), ONE),
    ("作 废 with blanks", V, sales(status=" 作 废 发票"), noted("status_blanks")),
    ("已作废", V, sales(status="已作废"), ONE),
    ("VOID", V, sales(status="VOID"), noted("status_blanks")),
    ("a status never seen", V, sales(status="红冲"), aside("status_unknown")),
    ("tomorrow", V, sales(day="2026-03-03"), aside("date_in_future")),
    ("1900", V, sales(day="1900-01-00"), aside("date_unread")),
    ("a person bought", V, sales(party=PERSON), aside("person_identifier")),
    ("购买方名称", V, text(SOLD_HEAD.replace("购方单位代号", "购买方名称"), sale(party="山城")).encode(), ONE),
    ("seller and buyer", V, text(SOLD_HEAD + ",销方名称", sale() + ",x").encode(), refused("direction_unclear")),
    ("sums in 万元", V, text(SOLD_HEAD.replace("金额", "金额（万元）"), sale()).encode(), refused("wrong_header")),
    ("a total line below", V, text(SOLD_HEAD, sale(), "合计,,,,9401.71,1598.29,11000,").encode(),
     Outcome(1, (), ("party_missing",))),
    # Workbooks
    ("a workbook", R, workbook([HEADER, firm().split(",")]), ONE),
    ("a workbook with a title", R, workbook([["名录"], [], HEADER, firm().split(",")]), ONE),
    ("a code typed as a figure", R, workbook([HEADER, ["山城", 915001030123456789, *firm().split(",")[2:]]]),
     aside("lost_digits")),
    ("another sheet before", R, workbook([["说明"], ["x"]], [HEADER, firm().split(",")]), ONE),
    ("no sheet with a table", R, workbook([["说明"]], [[]]), refused("wrong_header")),
    ("figures as floats", V, workbook([SOLD_HEAD.split(","), ["E1", 11459356.0, "2017/8/4", "B1", 9401.71, 1598.29,
                                                              11000.0, "有效发票"]]), ONE),
    # A bank's own firms
    ("TRUE for 是", M, text("企业代号,企业名称,信誉评级,是否违约", "E1,***公司,A,TRUE").encode(), ONE),
    ("a rating of two letters", M, text("企业代号,企业名称,信誉评级", "E1,***公司,AA").encode(),
     aside("rating_unknown")),
    ("a customer number that is a citizen id", M, text("企业代号,企业名称", f"{PERSON},张*").encode(),
     aside("person_identifier")),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "content", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_file_is_taken_noted_set_aside_or_refused(kind: FileKind, content: bytes, expected: Outcome) -> None:
    """What has one meaning is read, what is only spelling is noted, what has a doubt is a person's."""
    assert read(kind, content) == expected


@pytest.mark.parametrize("field", ["name", "code", "scope", "address", "place"])
@pytest.mark.parametrize("slip", ["", ",zu viel", '"x"y'], ids=["in its place", "row too long", "bad quotes"])
def test_no_citizen_id_stands_in_a_receipt_or_a_row(field: str, slip: str) -> None:
    """Wherever it stands, also where the row is kept whole because its cells cannot be told apart."""
    content = text(REGISTER_HEAD, firm(**{field: "张三" * (field != "code") + PERSON}) + slip)  # type: ignore[arg-type]

    _, rows, rejected = read_rows(R, content.encode())

    assert rejected
    assert PERSON[:17] not in str((rows, rejected))


@pytest.mark.parametrize("column", ["reg", "org", "code", "name", "why"])
@pytest.mark.parametrize("spelling", [PERSON, PERSON.lower(), f"{PERSON[:6]} {PERSON[6:14]} {PERSON[14:]}"])
def test_no_citizen_id_of_a_list_stands_in_a_receipt(column: str, spelling: str) -> None:
    """Official lists name persons too, in whichever column there was room."""
    _, rows, rejected = read_rows(L, listing(**{column: spelling}))

    assert rejected
    assert PERSON[6:17] not in str((rows, rejected)).replace(" ", "")


def test_a_bomb_is_refused_before_it_fills_the_memory() -> None:
    """A few hundred kilobytes that unpack to 200 MiB; what a header states of the sizes is the sender's word."""
    assert read(R, bomb()) == refused("bomb")


def test_the_serial_of_a_workbook_comes_with_the_day_it_would_be() -> None:
    """For the person who decides; the machine does not take it, since a bare number may be anything."""
    _, _, rejected = read_rows(R, register(day="43467"))

    assert rejected == [("date_unread", "注册日期", "43467", "2019-01-02")]


def test_the_same_rows_in_another_order_say_the_same() -> None:
    """A provider's sorting is no news."""
    rows = [firm(number) for number in range(1, 8)]

    forth = read_rows(R, text(REGISTER_HEAD, *rows).encode())[1]
    back = read_rows(R, text(REGISTER_HEAD, *reversed(rows)).encode())[1]

    assert sorted(forth, key=str) == sorted(back, key=str)


def test_different_numbers_in_powers_of_ten_are_never_one_firm() -> None:
    """5.00103E+14 is what a workbook makes of a million firms; a list would accuse whichever comes first."""
    content = text(LIST_HEAD, *(entry(name=f"山城{n}", reg="5.00103E+14", code="") for n in range(3)))

    outcome, _, rejected = read_rows(L, content.encode())

    assert (outcome.taken, len(rejected)) == (0, 3)


def mutated(content: bytes, dice: random.Random) -> bytes:
    """The file with a few bytes changed, cut out, doubled or cut off."""
    held = bytearray(content)
    for _ in range(dice.randint(1, 6)):
        at, size = dice.randrange(len(held)), dice.randint(1, 8)
        match dice.randrange(5):
            case 0:
                held[at] = dice.randrange(256)
            case 1:
                del held[at : at + size]
            case 2:
                held[at:at] = held[at : at + size]
            case 3:
                held[at:at] = dice.choice([b'"', b"\x00", b"\xff", b"\n", b",", b"'", b"\xef\xbb\xbf", b"\r", b"\x1a"])
            case 4 if dice.random() < 0.2:
                del held[at:]
        if not held:
            return b"\x00"
    return bytes(held)


def test_no_damaged_file_breaks_the_reader() -> None:
    """Whatever bytes come: rows, or one word for the whole file, and nothing else."""
    dice = random.Random(20261101)
    rows = [firm(number) for number in range(1, 30)]
    whole = [
        (R, text(REGISTER_HEAD, *rows).encode()),
        (R, text(REGISTER_HEAD, *rows).encode("gbk")),
        (R, text(REGISTER_HEAD, *rows).encode("utf-16")),
        (R, zipped(text(REGISTER_HEAD, *rows))),
        (R, workbook([HEADER, *(row.split(",") for row in rows)])),
        (L, text(LIST_HEAD, *(entry(n) for n in range(1, 30))).encode()),
        (V, text(SOLD_HEAD, *(sale(number=str(n)) for n in range(1, 30))).encode()),
    ]

    outcomes = [read(kind, mutated(content, dice)) for _ in range(120) for kind, content in whole]

    assert {outcome.refused for outcome in outcomes} > {"", "bad_archive", "not_a_workbook"}
