"""An invented firm's report, case and letter, with nothing left to chance."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from app.market.packages.rules import BankInput, Case, Entry, Letter, Shown, Status, Subject
from tests.support import shanghai

AS_OF = shanghai("2025-09-25 10:00")
ORDER, SUBORDER, FIRM, SUBJECT = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)
BANK, BRANCH, PRODUCT, CONSENT = UUID(int=5), UUID(int=6), UUID(int=7), UUID(int=8)
ISSUER = "https://xinyidai.example.com"

CASE = Case(
    order_id=ORDER, suborder_id=SUBORDER, business_id=FIRM, bank_id=BANK, branch_id=BRANCH, product_id=PRODUCT,
    amount_fen=50_000_000, term_months=12, purpose="购买原材料",
)  # fmt: skip
LETTER = Letter(
    consent_id=CONSENT, business_id=FIRM, order_id=ORDER, bank_id=BANK, branch_id=BRANCH, subject_id=SUBJECT,
    purpose="pre_loan",
    data_classes=("tax", "judicial", "registration"), text_hash="ab" * 32,
    valid_from=AS_OF - timedelta(days=1), valid_to=AS_OF + timedelta(days=364),
)  # fmt: skip
KNOWN = Subject(SUBJECT, "重庆某某机械制造有限公司", "XY0000001")


def entry(path: str, value: str | int | None = None, day: date | None = None, **more: Any) -> Entry:
    """An item of the class that begins its path; without a value it was looked for and not found."""
    data_class, _, _ = path.partition(".")
    status = Status.VALUE if value is not None else more.pop("status", Status.NO_RECORD)
    return Entry(
        path=path, item_code=f"{data_class}.{more.pop('code', 'item')}", data_class=data_class,
        title=more.pop("title", path), unit=more.pop("unit", ""), status=status,
        source="tax office" if value is not None else "", value=value, as_of_on=day,
    )  # fmt: skip


ENTRIES = (
    entry("tax.turnover_12m_fen", 1_234_567_890, date(2025, 8, 31), title="近十二个月销售收入", unit="fen"),
    entry("tax.credit", "B", date(2025, 4, 30), title="纳税信用等级"),
    entry("tax.arrears_fen", 0, date(2025, 9, 1), title="欠税余额", unit="fen"),
    entry("judicial.dishonest_listed", title="失信被执行人"),
    entry("judicial.executed_12m", status=Status.NOT_COLLECTED, title="被执行次数"),
    entry("registration.capital_fen", 500_000_000, date(2012, 3, 1), title="注册资本", unit="fen"),
    entry("registration.scope", "机械零部件加工；\"销售\"\n与安装\t（以许可为准）", date(2024, 5, 6), title="经营范围"),
)  # fmt: skip
INPUTS = (
    BankInput("bank_input.rating", "A", date(2025, 9, 1), "内部评级", AS_OF - timedelta(days=3), UUID(int=9)),
    BankInput("bank_input.existing_loans_fen", 0, date(2025, 9, 24), "核心系统", AS_OF - timedelta(seconds=1)),
    BankInput("bank_input.late", "D", date(2025, 9, 25), "内部评级", AS_OF, UUID(int=9)),
)


def shown(*changed: Entry) -> Shown:
    """A preview that showed the same entries, but for those given."""
    rows = {e.path: e for e in ENTRIES} | {e.path: e for e in changed}
    items = {path: (e.status.value, e.value) for path, e in rows.items()}
    return Shown(UUID(int=10), "cd" * 32, AS_OF - timedelta(days=1), items)


def many(count: int) -> tuple[Entry, ...]:
    """A report of the size that banks get: about 44 KB for 200 records."""
    return tuple(
        entry(f"tax.declared_{n:04d}_fen", 10_000_019 * (n + 1), date(2025, 8, 1) - timedelta(days=n),
              title=f"第 {n} 期申报销售额", unit="fen", code=f"declared_{n % 20}")
        for n in range(count)
    )  # fmt: skip
