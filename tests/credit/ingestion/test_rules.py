"""The dirt that files bring, case by case: what is read, what is only noted, what is for a person."""

import dataclasses
import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.credit.ingestion.rules import (
    BROKEN_WORDS,
    FAULT_WORDS,
    NOTE_WORDS,
    Accepted,
    Broken,
    Direction,
    Fault,
    FileKind,
    Layout,
    Note,
    Quarantined,
    Refused,
    check_firm_key,
    check_invoice,
    check_list,
    check_masked,
    check_registry,
    read_header,
)
from app.credit.subjects import Gazetteer
from app.credit.subjects.rules import gazetteer, read_district
from tests.credit.ingestion.dirt import (
    JOINT,
    LIST,
    ONE_REASON,
    REGISTRY,
    SOLD,
    TODAY,
    notes,
    org_code,
    registry_facts,
    uscc,
    values,
)

POLICIES = Path(__file__).parents[3] / "migrations" / "policies"


def _known() -> Gazetteer:
    rows = json.loads((POLICIES / "district.json").read_text())
    return gazetteer(
        read_district(
            row["key"], date.fromisoformat(row["valid_from"]),
            date.fromisoformat(row["valid_to"]) if row["valid_to"] else None, row["body"],
        )
        for row in rows
    )  # fmt: skip


KNOWN = _known()
FACTS = registry_facts(KNOWN)

# --- registers -------------------------------------------------------------------------------------------------------
NAME, USCC, DAY, TYPE, CAPITAL, SCOPE, PROVINCE, PLACE, ADDRESS = range(9)
PLAIN = ["山城测试有限公司", uscc(1), "2019-01-02", "有限责任公司", "50(万)", "测试", "重庆", "渝中", "渝中区测试路1号"]


def registry(**changes: str) -> list[str]:
    row = list(PLAIN)
    for name, text in changes.items():
        row[globals()[name]] = text
    return row


REGISTRY_ACCEPTED = [
    ("a plain row", {}, set()),
    ("lower case", {"USCC": uscc(1).lower()}, {Note.CODE_LOWER_CASE}),
    ("one lower-case letter", {"USCC": uscc(1).replace("X", "x")}, {Note.CODE_LOWER_CASE}),
    ("full width", {"USCC": uscc(1).translate({48 + n: 0xFF10 + n for n in range(10)})}, {Note.CODE_FULL_WIDTH}),
    ("no-break space in the code", {"USCC": uscc(1)[:9] + "\xa0" + uscc(1)[9:]}, {Note.CODE_BLANKS}),
    ("blanks around the name", {"NAME": "\xa0山城测试有限公司 "}, {Note.NAME_SPELLING}),
    ("a trailing stop in the name", {"NAME": "山城测试有限公司."}, {Note.NAME_SPELLING}),
    ("full-width letters in the name", {"NAME": "山城ＡＢ测试有限公司"}, {Note.NAME_SPELLING}),
    ("brackets of either width", {"NAME": "山城测试(重庆)有限公司"}, set()),
    ("no type", {"TYPE": "N/A"}, set()),
    ("capital with commas", {"CAPITAL": "1,600(万人民币元)"}, set()),
    ("capital 万人民币", {"CAPITAL": "3万人民币"}, set()),
    ("capital 万元人民币", {"CAPITAL": "800,000(万元人民币)"}, set()),
    ("capital with four decimals", {"CAPITAL": "894.3400(万)"}, set()),
    ("capital without a unit", {"CAPITAL": "2560.0"}, {Note.CAPITAL_UNIT_ASSUMED}),
    ("capital a dash", {"CAPITAL": "-"}, {Note.CAPITAL_NOT_STATED}),
    ("capital not stated", {"CAPITAL": "N/A"}, {Note.CAPITAL_NOT_STATED}),
    ("capital in dollars", {"CAPITAL": "100(万美元)"}, {Note.CAPITAL_FOREIGN}),
    ("capital in Hong Kong dollars", {"CAPITAL": "1万港元"}, {Note.CAPITAL_FOREIGN}),
    ("date without zero padding", {"DAY": "2019/1/2"}, set()),
    ("date in words", {"DAY": "2019年1月2日"}, set()),
    ("date with a time", {"DAY": "2019-01-02 00:00:00"}, set()),
    ("no date", {"DAY": "N/A"}, {Note.DATE_NOT_STATED}),
    ("a zone that is no division", {"PLACE": "北部新区"}, {Note.PLACE_NOT_A_DIVISION}),
    ("the zone 万盛", {"PLACE": "万盛"}, {Note.PLACE_NOT_A_DIVISION}),
    ("两江新区 in a row of 2019", {"PLACE": "两江新区"}, {Note.PLACE_NOT_A_DIVISION}),
    ("两江新区 in a row of 2026", {"PLACE": "两江新区", "DAY": "2026-01-05"}, set()),
    ("渝北 in a row of 2026", {"PLACE": "渝北", "DAY": "2026-01-05"}, {Note.PLACE_ABOLISHED}),
    ("the place with its suffix", {"PLACE": "渝中区"}, set()),
    ("the place with the city", {"PLACE": "重庆市渝中区"}, set()),
    ("no place", {"PLACE": "N/A"}, {Note.PLACE_NOT_STATED}),
    ("a scope that is cut", {"SCOPE": "测" * 1024}, {Note.SCOPE_CUT}),
    ("a cooperative under 企业", {"USCC": uscc(1, "93"), "TYPE": "有限责任公司"}, set()),
    ("a village collective", {"USCC": uscc(1, "N2")}, set()),
]


@pytest.mark.parametrize(
    ("changes", "expected"), [c[1:] for c in REGISTRY_ACCEPTED], ids=[c[0] for c in REGISTRY_ACCEPTED]
)
def test_a_row_of_a_register_is_read_and_what_was_normalised_is_noted(changes, expected):
    """Dirt that has one meaning is no reason to lose a subject; what was changed for it is counted."""
    assert notes(check_registry(registry(**changes), FACTS)) == expected


REGISTRY_QUARANTINED = [
    ("no name", {"NAME": " "}, Fault.NAME_MISSING),
    ("a placeholder for a name", {"NAME": "N/A"}, Fault.NAME_MISSING),
    ("no code", {"USCC": ""}, Fault.USCC_MISSING),
    ("a placeholder for a code", {"USCC": "00000000000000000X"}, Fault.USCC_MISSING),
    ("a wrong check character", {"USCC": uscc(1)[:17] + ("A" if uscc(1)[17] != "A" else "B")}, Fault.USCC_CHECK),
    ("a letter misread", {"USCC": uscc(1).replace("0", "O", 1)}, Fault.USCC_MALFORMED),
    ("a code of 17 places", {"USCC": uscc(1)[:17]}, Fault.USCC_MALFORMED),
    ("an organisation code instead", {"USCC": org_code(1)}, Fault.USCC_MALFORMED),
    ("a registration number instead", {"USCC": "500103000012345"}, Fault.USCC_MALFORMED),
    ("a number that lost its end in a workbook", {"USCC": "9.15001033456789e+17"}, Fault.LOST_DIGITS),
    ("a citizen id", {"USCC": "11010519491231002X"}, Fault.PERSON_IDENTIFIER),
    ("a code of 其他", {"USCC": uscc(1, "Y1")}, Fault.KIND_UNKNOWN),
    ("capital in words", {"CAPITAL": "伍拾万元整"}, Fault.CAPITAL_UNREAD),
    ("capital in an unknown currency", {"CAPITAL": "50万比索"}, Fault.CAPITAL_UNREAD),
    ("capital with odd commas", {"CAPITAL": "1,60(万)"}, Fault.CAPITAL_UNREAD),
    ("negative capital", {"CAPITAL": "-50(万)"}, Fault.CAPITAL_UNREAD),
    ("two figures of capital", {"CAPITAL": "50/60万"}, Fault.CAPITAL_UNREAD),
    ("a day that there is not", {"DAY": "2019-02-30"}, Fault.DATE_UNREAD),
    ("a year of two digits", {"DAY": "19/1/2"}, Fault.DATE_UNREAD),
    ("a workbook's serial number", {"DAY": "43467"}, Fault.DATE_UNREAD),
    ("tomorrow", {"DAY": "2026-03-03"}, Fault.DATE_IN_FUTURE),
    ("the year 1", {"DAY": "0001-01-01"}, Fault.DATE_TOO_EARLY),
    ("a place of another city", {"PLACE": "浦东"}, Fault.PLACE_UNKNOWN),
    ("another province", {"PROVINCE": "四川"}, Fault.OUTSIDE_CITY),
    ("a NUL", {"NAME": "山城\x00公司"}, Fault.BAD_TEXT),
    ("text that turns its direction", {"ADDRESS": "渝中\u202e区"}, Fault.BAD_TEXT),
]


@pytest.mark.parametrize(
    ("changes", "expected"), [c[1:] for c in REGISTRY_QUARANTINED], ids=[c[0] for c in REGISTRY_QUARANTINED]
)
def test_a_row_of_a_register_that_has_no_one_meaning_is_for_a_person(changes, expected):
    """An unseen spelling is quarantined with what stood there, never guessed and never read as zero."""
    verdict = check_registry(registry(**changes), FACTS)

    assert isinstance(verdict, Quarantined)
    assert verdict.code == expected


def test_the_values_of_a_row_say_the_kind_the_sum_and_the_place():
    """A golden row, so that a landing that takes columns by place takes the right ones."""
    verdict = check_registry(registry(CAPITAL="1,600(万人民币元)", USCC=uscc(7, "93").lower(), PLACE="万盛"), FACTS)

    assert values(verdict) == (
        uscc(7, "93"), "COOP", org_code(7), "山城测试有限公司", "山城测试有限公司", None, "万盛", "not_a_division",
        date(2019, 1, 2), "有限责任公司", 1_600_000_000, "CNY", "1,600(万人民币元)", "测试", "渝中区测试路1号",
        uscc(7, "93").lower(),
    )  # fmt: skip


def test_a_foreign_sum_is_kept_as_written_and_never_turned_into_fen():
    """No rate is known here, and a sum without one is not comparable."""
    assert values(check_registry(registry(CAPITAL="100(万美元)"), FACTS))[10:13] == (None, "USD", "100(万美元)")


def test_a_citizen_id_leaves_no_digit_in_the_receipt():
    """A receipt travels to the provider and is kept; a person's number must not be in it."""
    verdict = check_registry(registry(USCC="11010519491231002X"), FACTS)

    assert verdict == Quarantined(Fault.PERSON_IDENTIFIER, "uscc", "*" * 18, "")


def test_a_wrong_code_is_suggested_never_corrected():
    """One character may be misread in several ways; only a person with the certificate can tell."""
    right = uscc(1)
    wrong = right[:17] + ("A" if right[17] != "A" else "B")

    verdict = check_registry(registry(USCC=wrong), FACTS)

    assert verdict == Quarantined(Fault.USCC_CHECK, "uscc", wrong, right)


def test_a_file_that_says_its_day_settles_what_a_name_means():
    """两江新区 is a zone until 2025-11-05 and a division from the next day on, whenever the firm was founded."""
    on_last_day = registry_facts(KNOWN, date(2025, 11, 5))
    on_first_day = registry_facts(KNOWN, date(2025, 11, 6))

    before = values(check_registry(registry(PLACE="两江新区"), on_last_day))[5:8]
    after = values(check_registry(registry(PLACE="两江新区"), on_first_day))[5:8]

    assert (before, after) == ((None, "两江新区", "not_a_division"), ("500157", "两江新区", None))


# --- lists -----------------------------------------------------------------------------------------------------------
REASON = "失信被执行人名单、工商吊销企业名单"
LISTED = ["山城电子商务有限公司", "500103000012345", org_code(2), uscc(2), REASON, "", "", "", ""]


def listed(reg_no=None, org=None, code=None, reasons=None, day="", name=None) -> list[str]:
    row = list(LISTED)
    for place, text in ((0, name), (1, reg_no), (2, org), (3, code), (4, reasons)):
        if text is not None:
            row[place] = text
    row[7] = day
    return row


LIST_ACCEPTED = [
    ("a plain row", listed(), set()),
    ("no USCC: the organisation code is enough", listed(code=""), {Note.NO_USCC}),
    ("the USCC in the column of organisation codes too", listed(org=uscc(2)), {Note.CODE_MOVED}),
    ("the USCC in the column of registration numbers", listed(reg_no=uscc(2)), {Note.CODE_MOVED}),
    ("the USCC only in the wrong column", listed(org=uscc(2), code=""), {Note.CODE_MOVED}),
    (
        "the organisation code in the column of the USCC",
        listed(org="", code=org_code(2)),
        {Note.CODE_MOVED, Note.NO_USCC},
    ),
    ("no organisation code", listed(org=""), set()),
    ("a hyphen in the organisation code", listed(org=f"{org_code(2)[:8]}-{org_code(2)[8]}"), {Note.CODE_HYPHEN}),
    ("a registration number of 13 digits", listed(reg_no="5001032012345"), set()),
    ("only a registration number", listed(org="", code=""), {Note.NO_CODE}),
    ("a registration number of another shape", listed(reg_no="企合渝总字第00123号"), {Note.REG_NO_UNUSUAL}),
    ("a placeholder for the USCC", listed(code="00000000000000000X"), {Note.CODE_PLACEHOLDER, Note.NO_USCC}),
    ("the reasons in another separator", listed(reasons="失信被执行人名单，经营异常名录"), set()),
    ("blanks in the reasons", listed(reasons=" 失信被执行人 名单 "), set()),
    ("a day of listing", listed(day="2017年5月3日"), set()),
]


@pytest.mark.parametrize(("row", "expected"), [c[1:] for c in LIST_ACCEPTED], ids=[c[0] for c in LIST_ACCEPTED])
def test_a_row_of_a_list_is_read_whichever_column_its_codes_stand_in(row, expected):
    """Lists are typed by hand: what identifies is the code, not the column it was typed into."""
    assert notes(check_list(row, JOINT)) == expected


LIST_QUARANTINED = [
    ("an organisation code that disagrees with the USCC", listed(org=org_code(3)), Fault.CODES_DISAGREE),
    ("two different USCCs", listed(org=uscc(3)), Fault.CODES_DISAGREE),
    ("two registration numbers", listed(org="5001032012345", code=""), Fault.CODES_DISAGREE),
    ("a USCC whose check fails", listed(code=uscc(2)[:-1] + ("A" if uscc(2)[-1] != "A" else "B")), Fault.USCC_CHECK),
    ("a USCC of a scan", listed(code=uscc(2).replace("5", "S", 1)), Fault.USCC_MALFORMED),
    ("half a USCC", listed(code=uscc(2)[:12]), Fault.USCC_MALFORMED),
    ("an organisation code whose check fails", listed(org=org_code(2)[:8] + "3", code=""), Fault.ORG_CODE_CHECK),
    ("an organisation code of 8 places", listed(org=org_code(2)[:8], code=""), Fault.ORG_CODE_MALFORMED),
    ("nothing that identifies", listed(reg_no="", org="", code=""), Fault.IDENTIFIER_MISSING),
    ("a citizen id", listed(code="11010519491231002X"), Fault.PERSON_IDENTIFIER),
    ("no name", listed(name=""), Fault.NAME_MISSING),
    ("no reason on a list of several", listed(reasons=""), Fault.REASON_MISSING),
    ("a reason never seen", listed(reasons="失信被执行人名单、其他"), Fault.REASON_UNKNOWN),
    ("a day that there is not", listed(day="2017-13-01"), Fault.DATE_UNREAD),
    ("a day to come", listed(day="2026-03-03"), Fault.DATE_IN_FUTURE),
]


@pytest.mark.parametrize(("row", "expected"), [c[1:] for c in LIST_QUARANTINED], ids=[c[0] for c in LIST_QUARANTINED])
def test_a_row_of_a_list_that_could_accuse_the_wrong_one_is_for_a_person(row, expected):
    """A list accuses: where the codes leave a doubt about whom, the machine accuses nobody."""
    verdict = check_list(row, JOINT)

    assert isinstance(verdict, Quarantined)
    assert verdict.code == expected


def test_reasons_of_one_cell_are_parted_and_named_by_the_lists_own_words():
    """Two spellings of a reason are one reason; a measure hangs on the word, not on the spelling."""
    verdict = check_list(listed(reasons="失信被执行人名单、失信被执行人、工商吊销企业名单"), JOINT)

    assert values(verdict)[5] == ["失信被执行人", "工商吊销企业"]


def test_a_list_with_one_reason_needs_no_column_for_it():
    """Its name says it; that it was taken from there is noted."""
    verdict = check_list(listed(reasons=""), ONE_REASON)

    assert (values(verdict)[5], notes(verdict)) == (["拖欠农民工工资"], {Note.REASON_OF_KIND})


def test_the_organisation_code_of_an_entry_is_places_9_to_17_of_its_uscc():
    """So entries with and without a USCC meet the same subject."""
    assert values(check_list(listed(org=""), JOINT))[2:4] == (uscc(2), org_code(2))


# --- invoices --------------------------------------------------------------------------------------------------------
INVOICE = ["E1", "11459356", "2017/8/4", "B03711", "9401.71", "1598.29", "11000.0", "有效发票"]


def invoice(**changes: str) -> list[str]:
    places = {"firm": 0, "number": 1, "day": 2, "party": 3, "amount": 4, "tax": 5, "total": 6, "status": 7}
    row = list(INVOICE)
    for name, text in changes.items():
        row[places[name]] = text
    return row


RETURNED = {"amount": "-943.4", "tax": "-56.6", "total": "-1000.0"}
INVOICE_ACCEPTED = [
    ("a plain row", {}, (940171, 159829, 1100000, "valid"), set()),
    ("void, with a leading blank", {"status": " 作废发票"}, (940171, 159829, 1100000, "void"), {Note.STATUS_BLANKS}),
    ("void, a no-break space", {"status": "作废发票\xa0"}, (940171, 159829, 1100000, "void"), {Note.STATUS_BLANKS}),
    ("a negative sum is a return", RETURNED, (-94340, -5660, -100000, "valid"), {Note.RETURN}),
    ("no tax", {"tax": "0.0", "total": "9401.71"}, (940171, 0, 940171, "valid"), set()),
    ("nothing at all", {"amount": "0.0", "tax": "0.0", "total": "0.0"}, (0, 0, 0, "valid"), set()),
    ("thousands parted", {"amount": "9,401.71"}, (940171, 159829, 1100000, "valid"), {Note.SUM_SPELLING}),
    ("full width", {"amount": "９４０１.71"}, (940171, 159829, 1100000, "valid"), {Note.SUM_SPELLING}),
    ("a date in words", {"day": "2017年8月4日"}, (940171, 159829, 1100000, "valid"), set()),
    ("a date of eight digits", {"day": "20170804"}, (940171, 159829, 1100000, "valid"), set()),
    ("a number of 20 places", {"number": "25502000000012345678"}, (940171, 159829, 1100000, "valid"), set()),
    ("whole yuan", {"amount": "9401", "tax": "99", "total": "9500"}, (940100, 9900, 950000, "valid"), set()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "sums", "expected"), [c[1:] for c in INVOICE_ACCEPTED], ids=[c[0] for c in INVOICE_ACCEPTED]
)
def test_an_invoice_is_read_to_the_fen(changes, sums, expected):
    """Limits are built on these sums; a return is less turnover, a void invoice is none."""
    verdict = check_invoice(invoice(**changes), TODAY)

    assert (values(verdict)[4:], notes(verdict)) == (sums, expected)


INVOICE_QUARANTINED = [
    ("a sum that does not add up", {"total": "11000.01"}, Fault.SUM_MISMATCH),
    ("a sign error", {"amount": "-22.54", "tax": "0.68", "total": "-23.22"}, Fault.SUM_MISMATCH),
    ("signs that differ and add up", {"amount": "-22.54", "tax": "0.68", "total": "-21.86"}, Fault.SIGN_MISMATCH),
    ("no amount", {"amount": ""}, Fault.AMOUNT_UNREAD),
    ("an amount in words", {"amount": "玖仟"}, Fault.AMOUNT_UNREAD),
    ("an amount in powers", {"amount": "9.4E3"}, Fault.AMOUNT_UNREAD),
    ("parts of a fen", {"amount": "9401.705"}, Fault.AMOUNT_UNREAD),
    ("an amount in dollars", {"amount": "9401.71美元"}, Fault.AMOUNT_UNREAD),
    ("an endless amount", {"amount": "9" * 40}, Fault.AMOUNT_UNREAD),
    ("a tax rate instead of tax", {"tax": "17%"}, Fault.TAX_UNREAD),
    ("a dash for the total", {"total": "-"}, Fault.TOTAL_UNREAD),
    ("a status never seen", {"status": "红冲发票"}, Fault.STATUS_UNKNOWN),
    ("no status", {"status": ""}, Fault.STATUS_UNKNOWN),
    ("a day that there is not", {"day": "2017/2/29"}, Fault.DATE_UNREAD),
    ("a day to come", {"day": "2026/3/3"}, Fault.DATE_IN_FUTURE),
    ("before there was such a tax", {"day": "1993/12/31"}, Fault.DATE_TOO_EARLY),
    ("no firm", {"firm": ""}, Fault.FIRM_MISSING),
    ("no other party", {"party": " "}, Fault.PARTY_MISSING),
    ("a number with letters", {"number": "1145935A"}, Fault.NUMBER_MALFORMED),
    ("a number of 9 digits", {"number": "114593561"}, Fault.NUMBER_MALFORMED),
    ("a NUL in the other party", {"party": "B\x0003711"}, Fault.BAD_TEXT),
]


@pytest.mark.parametrize(
    ("changes", "expected"), [c[1:] for c in INVOICE_QUARANTINED], ids=[c[0] for c in INVOICE_QUARANTINED]
)
def test_an_invoice_that_cannot_be_read_with_certainty_counts_for_nothing(changes, expected):
    """Neither as turnover nor as zero: it is shown to a person."""
    verdict = check_invoice(invoice(**changes), TODAY)

    assert isinstance(verdict, Quarantined)
    assert verdict.code == expected


def test_a_number_is_the_same_number_with_or_without_its_zeros():
    """Workbooks drop them; otherwise the same invoice would count twice when it comes again."""
    assert (
        values(check_invoice(invoice(number="83885"), TODAY))[1]
        == values(check_invoice(invoice(number="00083885"), TODAY))[1]
    )


@given(st.integers(-(10**12), 10**12), st.integers(-(10**11), 10**11))
def test_sums_are_read_exactly(amount: int, tax: int):
    """Whatever two sums a row holds, they are read to the fen or the row is not read at all."""

    def yuan(fen: int) -> str:
        return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"

    verdict = check_invoice(invoice(amount=yuan(amount), tax=yuan(tax), total=yuan(amount + tax)), TODAY)

    if isinstance(verdict, Accepted):
        assert verdict.values[4:7] == (amount, tax, amount + tax)
    else:
        assert verdict.code == Fault.SIGN_MISMATCH
        assert amount * tax < 0


@given(st.lists(st.text(max_size=12), min_size=8, max_size=8))
def test_no_text_whatever_stops_a_load(cells: list[str]):
    """Checks are total: each row gets a verdict, whatever stands in it."""
    verdicts = [
        check_invoice(cells, TODAY),
        check_masked(cells[:4]),
        check_registry([*cells, ""], FACTS),
        check_list([*cells, ""], JOINT),
    ]

    assert all(isinstance(one, Accepted | Quarantined) for one in verdicts)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("E1", "E1"),
        (uscc(1).lower(), uscc(1)),
        (uscc(1)[:17] + ("A" if uscc(1)[17] != "A" else "B"), Fault.USCC_CHECK),
        ("11010519491231002X", Fault.PERSON_IDENTIFIER),
        ("客户0017", "客户0017"),
    ],
)
def test_a_firm_is_named_by_its_code_or_by_a_customer_number(key, expected):
    """A code that fails its check is no customer number that happens to have 18 places."""
    found = check_firm_key(key)

    assert (found.code if isinstance(found, Quarantined) else found) == expected


# --- masked firms ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (["E1", "***电器有限公司", "A", "否"], ("E1", "***电器有限公司", "***电器有限公司", "A", False)),
        (["E2", "个体经营E2", " d ", "是"], ("E2", "个体经营E2", "个体经营e2", "D", True)),
        (["E3", "***公司", "", ""], ("E3", "***公司", "***公司", None, None)),
        (["E4", "***公司", "E", "否"], Fault.RATING_UNKNOWN),
        (["E5", "***公司", "AA", "否"], Fault.RATING_UNKNOWN),
        (["E6", "***公司", "A", "未知"], Fault.DEFAULT_UNKNOWN),
        (["", "***公司", "A", "否"], Fault.FIRM_MISSING),
        (["E8", "", "A", "否"], Fault.NAME_MISSING),
        (["11010519491231002X", "***", "A", "否"], Fault.PERSON_IDENTIFIER),
    ],
)
def test_a_banks_rating_is_taken_as_the_bank_gives_it_or_not_at_all(row, expected):
    """No rating supplied is no rating; there is no default one, and no letter is guessed."""
    verdict = check_masked(row)

    assert (verdict.code if isinstance(verdict, Quarantined) else verdict.values) == expected


# --- headers ---------------------------------------------------------------------------------------------------------
HEADERS = [
    ("as it is", FileKind.REGISTRY, REGISTRY.split(","), tuple(range(9))),
    ("with blanks", FileKind.REGISTRY, [" 企 业 名 称 ", "统一社会 信用代码", "注册日期"], (0, 1, 2, *[-1] * 6)),
    ("in another order", FileKind.MASKED, ["信誉评级", "企业代号", "是否违约", "企业名称"], (1, 3, 0, 2)),
    ("with an order mark and stars", FileKind.MASKED, ["\ufeff企业代号*", "企业名称*", "信誉评级"], (0, 1, 2, -1)),
    ("in full-width brackets", FileKind.REGISTRY, ["企业（机构）名称", "统一代码", "成立日期"], (0, 1, 2, *[-1] * 6)),
    ("without a USCC column", FileKind.LIST, ["企业名称", "组织机构代码", "失信领域"], (0, -1, 1, -1, 2, *[-1] * 4)),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "cells", "places"), [c[1:] for c in HEADERS], ids=[c[0] for c in HEADERS])
def test_columns_are_known_by_their_titles(kind, cells, places):
    """By place a column added in the middle would shift every value by one, silently."""
    layout = read_header(kind, cells)

    assert isinstance(layout, Layout)
    assert layout.places == places


REFUSED_HEADERS = [
    ("no code column", FileKind.REGISTRY, ["企业名称", "注册日期"], Broken.WRONG_HEADER),
    ("rows instead of a header", FileKind.REGISTRY, PLAIN, Broken.WRONG_HEADER),
    ("a column twice", FileKind.MASKED, ["企业代号", "企业代号", "企业名称", "信誉评级"], Broken.HEADER_REPEATED),
    ("sums in 万元", FileKind.INVOICES, SOLD.replace("金额", "金额（万元）").split(","), Broken.WRONG_HEADER),
    ("seller and buyer", FileKind.INVOICES, [*SOLD.split(","), "销方单位代号"], Broken.DIRECTION_UNCLEAR),
    ("no other party", FileKind.INVOICES, SOLD.replace("购方单位代号", "对方").split(","), Broken.WRONG_HEADER),
    ("a list that identifies nobody", FileKind.LIST, ["企业名称", "失信领域"], Broken.WRONG_HEADER),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "cells", "why"), [c[1:] for c in REFUSED_HEADERS], ids=[c[0] for c in REFUSED_HEADERS]
)
def test_a_header_that_leaves_a_doubt_refuses_the_file(kind, cells, why):
    """Another unit or another direction would be read wrongly in every row."""
    found = read_header(kind, cells)

    assert isinstance(found, Refused)
    assert found.why == why


def test_the_direction_of_invoices_follows_from_the_header():
    """A file of 销方 is what the firm bought, a file of 购方 what it sold; nothing else in the row says so."""
    sold = read_header(FileKind.INVOICES, SOLD.split(","))
    bought = read_header(FileKind.INVOICES, SOLD.replace("购方", "销方").split(","))

    assert isinstance(sold, Layout)
    assert isinstance(bought, Layout)
    assert (sold.direction, bought.direction) == (Direction.OUTPUT, Direction.INPUT)


def test_a_list_of_several_reasons_needs_their_column():
    """Otherwise every row of it would lack a reason, and the file says nothing."""
    found = read_header(FileKind.LIST, LIST.replace(",失信领域", "").split(","), reason_needed=True)

    assert found == Refused(Broken.WRONG_HEADER, "失信领域")


def test_unknown_columns_are_named():
    """The provider should see that a column of his was not taken."""
    layout = read_header(FileKind.MASKED, ["序号", "企业代号", "企业名称", "信誉评级", "是否违约", "联系电话"])

    assert isinstance(layout, Layout)
    assert layout.extra == ("联系电话",)


def test_every_code_has_words_in_both_languages():
    """A code alone tells a clerk nothing."""
    tables = ((Fault, FAULT_WORDS), (Note, NOTE_WORDS), (Broken, BROKEN_WORDS))

    assert all(
        set(kind) == set(words) and all(len(w) == 2 and all(w) for w in words.values()) for kind, words in tables
    )


def test_a_verdict_cannot_be_changed():
    """What a receipt says of a row is what the check said."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        Quarantined(Fault.CELL_COUNT, "", "").code = Fault.QUOTING  # type: ignore[misc]
