"""Whole files with the dirt of the trade, read by the rules alone: bytes in, verdicts out, no database."""

import gzip
import io
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import openpyxl

from app.credit.ingestion.rules import (
    FileKind,
    ListFacts,
    check_invoice,
    check_list,
    check_masked,
    check_registry,
    squash,
)
from app.credit.ingestion.service.rows import checked, find_header
from app.credit.ingestion.service.sheets import BrokenFile, open_sheet
from tests.credit.ingestion.dirt import TODAY, uscc
from tests.credit.ingestion.test_rules import FACTS
from tests.support import REPOSITORY

REGISTER_HEAD = "企业名称,统一社会信用代码,注册日期,企业类型,注册资金,经营范围,所在省份,地区,注册地址"
LIST_HEAD = "企业名称,工商注册号,组织机构代码,统一信用代码,失信领域"
SOLD_HEAD = "企业代号,发票号码,开票日期,购方单位代号,金额,税额,价税合计,发票状态"


def _joint_reasons() -> dict[str, str]:
    rows = json.loads((REPOSITORY / "migrations" / "policies" / "list_kind.json").read_text())
    body = next(row["body"] for row in rows if row["key"] == "joint")
    return {squash(spelling): one["text"] for one in body["reasons"] for spelling in one["spellings"]}


REASONS = ListFacts(TODAY, _joint_reasons())


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a data officer reads in the receipt: taken, noted, set aside; or the word for the whole file."""

    taken: int = 0
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    refused: str = ""


def read(kind: FileKind, content: bytes) -> Outcome:
    """Read a file as a load does, up to where the database would come in."""
    outcome, _, _ = read_rows(kind, content)
    return outcome


def read_rows(kind: FileKind, content: bytes) -> tuple[Outcome, list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """The outcome, the values of accepted rows, and the rejected rows as a receipt would repeat them."""
    try:
        sheet = open_sheet(content)
        tally = find_header(kind, sheet, reason_needed=kind is FileKind.LIST)
        rows = list(checked(sheet, CHECKS[kind], tally))
    except BrokenFile as broken:
        return Outcome(refused=broken.why.value), [], []
    if tally.read == 0:
        return Outcome(refused="no_rows"), [], []
    faults = Counter({fault: count for fault, count in tally.faults.items() if count})
    return (
        Outcome(len(rows), names(tally.notes), names(faults)),
        [row[1:] for row in rows],
        [(code, title, original, suggestion) for _, code, title, original, suggestion in tally.rejected],
    )


def names(counts: Counter[Any]) -> tuple[str, ...]:
    return tuple(sorted(one.value for one in counts))


CHECKS = {
    FileKind.REGISTRY: lambda cells: check_registry(cells, FACTS),
    FileKind.LIST: lambda cells: check_list(cells, REASONS),
    FileKind.INVOICES: lambda cells: check_invoice(cells, TODAY),
    FileKind.MASKED: check_masked,
}


def firm(number: int = 1, **changes: str) -> str:
    """A plain row of a register with some of its cells changed."""
    cells = {
        "name": "山城测试有限公司", "code": uscc(number), "day": "2019-01-02", "type": "N/A", "capital": "50(万)",
        "scope": "测试", "province": "重庆", "place": "渝中", "address": "渝中区测试路1号",
    } | changes  # fmt: skip
    return ",".join(cells.values())


def entry(number: int = 2, **changes: str) -> str:
    """A plain row of a list of several reasons."""
    cells = {
        "name": "山城电商有限公司",
        "reg": "",
        "org": "",
        "code": uscc(number),
        "why": "失信被执行人名单",
    } | changes
    return ",".join(cells.values())


def sale(**changes: str) -> str:
    """A plain row of invoices sold."""
    cells = {
        "firm": "E1", "number": "11459356", "day": "2017/8/4", "party": "B1", "amount": "9401.71", "tax": "1598.29",
        "total": "11000.0", "status": "有效发票",
    } | changes  # fmt: skip
    return ",".join(cells.values())


def text(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def workbook(*sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(f"s{number}")
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def zipped(content: str) -> bytes:
    return gzip.compress(content.encode())
