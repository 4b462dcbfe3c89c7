"""The seeded city: invented firms, banks, branches and what the departments hold about them.

Pure: one seed gives one city for ever. Organisation codes begin with `XY`, which no registry issues, and every name
says 示例 (example), so nothing here can be taken for a real company.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from app.kernel.codes import org_check, uscc_check

SEED: Final = 20220301
WAN: Final = 1_000_000  # fen in 1 万元
BRANDS: Final = (
    "晴川 云岫 磐石 拾光 青禾 锦程 澄江 松筠 远帆 朝露 丰穗 明礼 临溪 栖山 望岳 "
    "知新 听雨 沐川 启明 归帆 棠溪 麓野 清和 嘉树 泊舟 星野 安澜 繁星 南屏 北辰"
).split()
TRADES: Final = (  # name, class of GB/T 4754
    ("机械", "3429"),
    ("食品", "1491"),
    ("物流", "5431"),
    ("建材", "3099"),
    ("餐饮", "6210"),
    ("软件", "6513"),
    ("纺织", "1789"),
    ("农业", "0141"),
)
BANKS: Final = ("山城", "云岭", "两河", "缙云", "白帝")
PLACES: Final = {
    "500101": "万州", "500102": "涪陵", "500103": "渝中", "500104": "大渡口", "500106": "沙坪坝", "500107": "九龙坡",
    "500108": "南岸", "500109": "北碚", "500110": "綦江", "500111": "大足", "500113": "巴南", "500114": "黔江",
    "500115": "长寿", "500116": "江津", "500117": "合川", "500118": "永川", "500119": "南川", "500120": "璧山",
    "500151": "铜梁", "500152": "潼南", "500153": "荣昌", "500154": "开州", "500155": "梁平", "500156": "武隆",
    "500157": "两江", "500229": "城口", "500230": "丰都", "500231": "垫江", "500233": "忠县", "500235": "云阳",
    "500236": "奉节", "500237": "巫山", "500238": "巫溪", "500240": "石柱", "500241": "秀山", "500242": "酉阳",
    "500243": "彭水",
}  # fmt: skip
DISTRICTS: Final = tuple(PLACES)


@dataclass(frozen=True, slots=True)
class Branch:
    name: str
    district_code: str


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank with its branches. `login` is the stem of its people's accounts."""

    name: str
    uscc: str
    login: str
    branches: tuple[Branch, ...]

    def branch_code(self, number: int) -> str:
        """The invented code of the city's branch with that number."""
        return invented_uscc("91", "500103", 910_000 + number)


@dataclass(frozen=True, slots=True)
class Firm:
    """A firm and what departments hold about it. None means: the department never collected it."""

    name: str
    uscc: str
    login: str
    district_code: str
    industry_code: str
    founded_on: date
    capital_fen: int
    turnover_12m_fen: int
    void_ppm: int
    return_ppm: int
    newest_invoice_on: date
    tax_credit: str | None
    tax_paid_12m_fen: int | None
    insured_heads: int | None
    dishonest: bool
    abnormal: bool


@dataclass(frozen=True, slots=True)
class City:
    seed: int
    today: date
    banks: tuple[Bank, ...]
    firms: tuple[Firm, ...]


def make_city(today: date, *, firms: int = 60, seed: int = SEED) -> City:
    """Build the city as of `today`. The same arguments give the same city.

    >>> a, b = make_city(date(2026, 11, 24)), make_city(date(2026, 11, 24))
    >>> a == b, len(a.banks), a.firms[0].uscc[8:10]
    (True, 5, 'XY')
    """
    random = Random(seed)  # noqa: S311 - repeatable on purpose
    banks = tuple(_bank(random, number, name) for number, name in enumerate(BANKS))
    return City(seed, today, banks, tuple(_firm(random, number, today) for number in range(firms)))


def invented_uscc(kind: str, district_code: str, number: int) -> str:
    """A code with both check characters right that no registry ever issues.

    >>> invented_uscc("91", "500103", 7)[:16]
    '91500103XY000007'
    """
    eight = f"XY{number:06d}"
    body = f"{kind}{district_code}{eight}{org_check(eight)}"
    return body + uscc_check(body)


def _bank(random: Random, number: int, name: str) -> Bank:
    where = random.sample(DISTRICTS, k=5)
    full = f"{name}示例银行股份有限公司"
    branches = tuple(Branch(f"{full}{PLACES[code]}支行", code) for code in where)
    return Bank(full, invented_uscc("91", "500103", 900_000 + number), f"bank{number + 1}", branches)


def _firm(random: Random, number: int, today: date) -> Firm:
    trade, industry = TRADES[number % len(TRADES)]
    brand = BRANDS[number % len(BRANDS)]
    district = random.choice(DISTRICTS)
    kind = "93" if number % 16 == 7 else "91" if number % 9 else "92"  # Every other farm is a cooperative.
    suffix = {"91": "有限公司", "92": "经营部", "93": "专业合作社"}[kind]
    turnover = random.choice((60, 120, 260, 480, 900, 1500, 2600)) * WAN + random.randrange(WAN)
    tax_known, heads_known = random.random() < 0.85, random.random() < 0.8
    return Firm(
        name=f"重庆{brand}{trade}（示例{number + 1}号）{suffix}",
        uscc=invented_uscc(kind, district, number + 1),
        login=f"firm{number + 1}",
        district_code=district,
        industry_code=industry,
        founded_on=today - timedelta(days=random.randrange(200, 5000)),
        capital_fen=random.choice((10, 50, 100, 300, 500)) * WAN,
        turnover_12m_fen=turnover,
        void_ppm=random.randrange(0, 90_000),
        return_ppm=random.randrange(0, 60_000),
        newest_invoice_on=today - timedelta(days=random.randrange(3, 60)),
        tax_credit=random.choice("AABBBMC") if tax_known else None,
        tax_paid_12m_fen=turnover * random.randrange(8, 40) // 1000 if tax_known else None,
        insured_heads=random.randrange(2, 80) if heads_known else None,
        dishonest=number % 17 == 5,
        abnormal=number % 13 == 7,
    )
