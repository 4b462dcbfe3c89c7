"""The city as the files its departments would send, so that the demo comes in through the same door as real data."""

import csv
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Final

from app.demo.city import PLACES, City, Firm
from app.kernel.money import format_yuan

REGISTRY_HEADER: Final = (
    "企业名称",
    "统一社会信用代码",
    "注册日期",
    "企业类型",
    "注册资金",
    "经营范围",
    "所在省份",
    "地区",
    "注册地址",
)
INVOICE_HEADER: Final = ("企业代号", "发票号码", "开票日期", "购方单位代号", "金额", "税额", "价税合计", "发票状态")
LIST_HEADER: Final = ("企业名称", "统一信用代码", "失信领域")
INVOICES_A_MONTH: Final = 4
TAX_PER_MILLE: Final = 60


def write_files(city: City, folder: Path) -> dict[str, Path]:
    """Write a file each of firms, outlets, invoices and two lists; return them by name."""
    folder.mkdir(parents=True, exist_ok=True)
    names = ("registry", "outlets", "invoices", "dishonest", "abnormal")
    files = {name: folder / f"{name}.csv" for name in names}
    _write(files["registry"], REGISTRY_HEADER, _firms(city))
    _write(files["outlets"], REGISTRY_HEADER, _branches(city))
    _write(files["invoices"], INVOICE_HEADER, _invoices(city))
    dishonest = [(firm.name, firm.uscc, "失信被执行人") for firm in city.firms if firm.dishonest]
    abnormal = [(firm.name, firm.uscc, "经营异常名录") for firm in city.firms if firm.abnormal]
    _write(files["dishonest"], LIST_HEADER, dishonest)
    _write(files["abnormal"], LIST_HEADER, abnormal)
    return files


def write_month(city: City, folder: Path, on: date) -> Path:
    """Write the invoices of the month that ends the day before `on`, with a few rows that no careful reader takes."""
    path = folder / f"invoices-{on:%Y-%m}.csv"
    random = Random(f"{city.seed}:{on:%Y-%m}")  # noqa: S311 - repeatable on purpose
    _write(path, INVOICE_HEADER, [*_month(city, on, random), *_slips(city, on)])
    return path


def _month(city: City, on: date, random: Random) -> Iterable[Sequence[str]]:
    number = 20_000_000 + on.year % 100 * 1_200_000 + on.month * 100_000
    for firm in city.firms:
        for week in range(INVOICES_A_MONTH):
            number += 1
            amount_fen = firm.turnover_12m_fen // (12 * INVOICES_A_MONTH) * random.randrange(60, 145) // 100
            status = "作废发票" if random.randrange(1_000_000) < firm.void_ppm else "有效发票"
            yield _invoice(firm, number, on - timedelta(days=2 + 7 * week), amount_fen, status, random)


def _slips(city: City, on: date) -> Iterable[Sequence[str]]:
    """A day that has not come, a sum that does not add up, a firm that nobody knows."""
    firm, other = city.firms[on.month % len(city.firms)], city.firms[on.month * 7 % len(city.firms)]
    yield firm.uscc, "30000001", f"{on.year + 1}/1/5", "B00001", "100.00", "6.00", "106.00", "有效发票"
    yield other.uscc, "30000002", f"{on.year}/{on.month}/1", "B00002", "100.00", "6.00", "160.00", "有效发票"
    yield "E00000", "30000003", f"{on.year}/{on.month}/1", "B00003", "100.00", "6.00", "106.00", "有效发票"


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def _firms(city: City) -> Iterable[Sequence[str]]:
    for firm in city.firms:
        place = PLACES[firm.district_code]
        capital = f"{firm.capital_fen // 1_000_000}(万人民币元)"
        yield (
            firm.name, firm.uscc, firm.founded_on.isoformat(), "有限责任公司", capital, f"{firm.name}的示例经营范围",
            "重庆", place, f"重庆市{place}示例路{int(firm.uscc[10:16])}号",
        )  # fmt: skip


def _branches(city: City) -> Iterable[Sequence[str]]:
    for number, (bank, branch) in enumerate((each, branch) for each in city.banks for branch in each.branches):
        place = PLACES[branch.district_code]
        code = bank.branch_code(number)
        yield (
            branch.name,
            code,
            "2022-03-01",
            "分公司",
            "-",
            "存款、贷款、结算",
            "重庆",
            place,
            f"重庆市{place}示例街{number + 1}号",
        )


def _invoices(city: City) -> Iterable[Sequence[str]]:
    random = Random(city.seed + 1)  # noqa: S311 - repeatable on purpose
    number = 10_000_000
    for firm in city.firms:
        for on, amount_fen, status in _sales(firm, random):
            number += 1
            yield _invoice(firm, number, on, amount_fen, status, random)


def _invoice(firm: Firm, number: int, on: date, amount_fen: int, status: str, random: Random) -> Sequence[str]:
    tax_fen = amount_fen * TAX_PER_MILLE // 1000
    return (
        firm.uscc, str(number), f"{on.year}/{on.month}/{on.day}", f"B{random.randrange(40):05d}",
        _sum(amount_fen), _sum(tax_fen), _sum(amount_fen + tax_fen), status,
    )  # fmt: skip


def _sales(firm: Firm, random: Random) -> Iterable[tuple[date, int, str]]:
    """Twelve months of invoices whose valid sum is about the firm's turnover, with its shares of void and returned."""
    count = 12 * INVOICES_A_MONTH
    each = firm.turnover_12m_fen // count
    for index in range(count):
        on = firm.newest_invoice_on - timedelta(days=index * 360 // count)
        amount = each * random.randrange(60, 140) // 100
        yield on, amount, "有效发票"
        if random.randrange(1_000_000) < firm.void_ppm:
            yield on, amount, "作废发票"
        if random.randrange(1_000_000) < firm.return_ppm:
            yield on, -amount // 2, "有效发票"


def _sum(fen: int) -> str:
    return format_yuan(fen).replace(",", "")
