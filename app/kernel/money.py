"""Money in fen, and the spellings of sums met in registers and forms.

Sums are `Fen`: whole hundredths of a yuan in an int, never a float. A text that is not understood gives an
`UnreadSum`, a text that says "no sum" gives an `AbsentSum`; neither is ever read as zero.
"""

import re
from dataclasses import dataclass
from decimal import Context, Decimal
from enum import StrEnum
from typing import Final, NewType

from app.kernel.text import half_width, text_fault

Fen = NewType("Fen", int)

FEN_PER_YUAN: Final = 100
FEN_PER_WAN: Final = 1_000_000  # 万元, ten thousand yuan: the unit of registers and of this field.
FEN_MAX: Final = 2**63 - 1  # PostgreSQL bigint.


class Unit(StrEnum):
    """What a bare figure means. The file's standard says it, the figure does not."""

    YUAN = "yuan"
    WAN = "wan"


class SumFault(StrEnum):
    """Why a spelling is refused."""

    BAD_TEXT = "bad_text"
    TOO_LONG = "too_long"
    GROUPING = "grouping"  # Commas that do not part thousands: 1,60 may mean 1.60 or 160.
    NOT_A_SUM = "not_a_sum"  # A spelling never seen, words, 1e3, two figures.
    UNIT_UNCLEAR = "unit_unclear"  # A currency without its unit: 50人民币 in a column of 万元.
    NEGATIVE = "negative"
    TOO_FINE = "too_fine"  # Parts of a fen.
    TOO_LARGE = "too_large"


SUM_FAULT_WORDS: Final = {
    SumFault.BAD_TEXT: ("含有不允许的字符", "has characters that are not allowed"),
    SumFault.TOO_LONG: ("过长", "is too long"),
    SumFault.GROUPING: ("千分位逗号位置不对", "has commas that do not part thousands"),
    SumFault.NOT_A_SUM: ("不是已知的金额写法", "is no known way to write a sum"),
    SumFault.UNIT_UNCLEAR: ("有币种而单位不明", "names a currency but no unit"),
    SumFault.NEGATIVE: ("金额不能为负", "may not be negative"),
    SumFault.TOO_FINE: ("小于一分", "is finer than one fen"),
    SumFault.TOO_LARGE: ("金额过大", "is too large"),
}


@dataclass(frozen=True, slots=True)
class ReadSum:
    """A sum in yuan. `unit_given` tells whether the text named its unit or the column's unit was taken."""

    fen: Fen
    unit_given: bool


@dataclass(frozen=True, slots=True)
class ForeignSum:
    """A sum in another currency, in whole units of it. Never added to fen: no rate is known here."""

    amount: Decimal
    currency: str  # ISO 4217


@dataclass(frozen=True, slots=True)
class AbsentSum:
    """The text says that there is no figure. Unknown is not zero."""

    original: str


@dataclass(frozen=True, slots=True)
class UnreadSum:
    """A refusal: the row is quarantined with its original value."""

    fault: SumFault
    original: str


SumReading = ReadSum | ForeignSum | AbsentSum | UnreadSum

_ABSENT: Final = frozenset(
    ["", *"- -- --- — —— / n/a na #n/a null none nil \\n 无 空 暂无 不详 未知 未填 未公示".split()],
)
_SCALES: Final = {
    "": 1,
    "百": 100,
    "千": 1_000,
    "万": 10_000,
    "十万": 100_000,
    "百万": 1_000_000,
    "千万": 10_000_000,
    "亿": 100_000_000,
}
_CURRENCIES: Final = {
    "人民币元": "CNY", "人民币圆": "CNY", "人民币": "CNY", "rmb": "CNY", "cny": "CNY", "¥": "CNY", "￥": "CNY",
    "美元": "USD", "美金": "USD", "usd": "USD", "us$": "USD", "$": "USD",
    "港元": "HKD", "港币": "HKD", "香港元": "HKD", "hkd": "HKD", "hk$": "HKD",
    "欧元": "EUR", "eur": "EUR", "€": "EUR",
    "日元": "JPY", "日圆": "JPY", "jpy": "JPY",
    "英镑": "GBP", "gbp": "GBP", "£": "GBP",
    "新台湾元": "TWD", "新台币": "TWD", "台币": "TWD", "台湾元": "TWD", "twd": "TWD",
    "新加坡元": "SGD", "新加坡币": "SGD", "sgd": "SGD",
    "澳大利亚元": "AUD", "澳元": "AUD", "aud": "AUD",
    "加拿大元": "CAD", "加元": "CAD", "cad": "CAD",
    "瑞士法郎": "CHF", "chf": "CHF",
    "韩国圆": "KRW", "韩元": "KRW", "韩国元": "KRW", "krw": "KRW",
    "澳门元": "MOP", "澳门币": "MOP", "mop": "MOP",
    "新西兰元": "NZD", "nzd": "NZD",
}  # fmt: skip
_CURRENCY: Final = "|".join(sorted(map(re.escape, _CURRENCIES), key=len, reverse=True))
_SPELLING: Final = re.compile(
    rf"(?P<before>{_CURRENCY})?"
    r"(?P<sign>[-+])?(?P<figure>[0-9][0-9,]*(?:\.[0-9]+)?)"
    rf"(?P<scale>十万|百万|千万|亿|万|千|百)?(?P<yuan>元|圆)?(?P<after>{_CURRENCY})?整?"
)
_BRACKETED: Final = re.compile(r"\(([^()0-9]+)\)")  # (万), (人民币): brackets around a unit say nothing.
_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_LONGEST: Final = 64
_EXACT: Final = Context(prec=2 * _LONGEST)  # The default of 28 digits would round a long figure in silence.


def parse_sum(text: str, *, unit: Unit = Unit.WAN, negative: bool = False) -> SumReading:
    """Read one spelling of a sum; `unit` is what a bare figure means, `negative` lets returns through.

    >>> parse_sum("1,600(万人民币元)")
    ReadSum(fen=1600000000, unit_given=True)
    >>> parse_sum("2560.0")
    ReadSum(fen=2560000000, unit_given=False)
    >>> parse_sum("4250万美元")
    ForeignSum(amount=Decimal('42500000'), currency='USD')
    >>> parse_sum("伍拾万").fault
    <SumFault.NOT_A_SUM: 'not_a_sum'>
    """
    plain = half_width(text).replace(" ", "").lower()
    if plain in _ABSENT:
        return AbsentSum(text)
    if text_fault(text) is not None:
        return UnreadSum(SumFault.BAD_TEXT, text)
    if len(plain) > _LONGEST:
        return UnreadSum(SumFault.TOO_LONG, text)
    found = _SPELLING.fullmatch(_BRACKETED.sub(r"\1", plain))
    if found is None:
        return UnreadSum(SumFault.NOT_A_SUM, text)
    if "," in found["figure"] and not _GROUPED.fullmatch(found["figure"]):
        return UnreadSum(SumFault.GROUPING, text)
    currencies = {_CURRENCIES[name] for name in (found["before"], found["after"]) if name}
    if len(currencies) > 1:
        return UnreadSum(SumFault.NOT_A_SUM, text)
    scale = _scale(found, unit, currency_named=bool(currencies))
    if scale is None:
        return UnreadSum(SumFault.UNIT_UNCLEAR, text)
    if found["sign"] == "-" and not negative:
        return UnreadSum(SumFault.NEGATIVE, text)
    amount = _EXACT.multiply(Decimal((found["sign"] or "") + found["figure"].replace(",", "")), Decimal(scale))
    fen = _EXACT.multiply(amount, Decimal(FEN_PER_YUAN))
    if abs(fen) > FEN_MAX:
        return UnreadSum(SumFault.TOO_LARGE, text)
    if (currency := next(iter(currencies), "CNY")) != "CNY":
        return ForeignSum(amount, currency)
    if fen != fen.to_integral_value():
        return UnreadSum(SumFault.TOO_FINE, text)
    return ReadSum(Fen(int(fen)), unit_given=bool(found["scale"] or found["yuan"]))


def _scale(found: re.Match[str], unit: Unit, *, currency_named: bool) -> int | None:
    """Units of currency in one of the figure, or None when a currency is named in a 万元 column without a unit."""
    if found["scale"] or found["yuan"]:
        return _SCALES[found["scale"] or ""]
    if unit is Unit.YUAN:
        return 1
    return None if currency_named else _SCALES["万"]


def format_yuan(fen: int) -> str:
    """Exact yuan with two decimals and thousands parted.

    >>> format_yuan(123456789), format_yuan(-5)
    ('1,234,567.89', '-0.05')
    """
    yuan, rest = divmod(abs(fen), FEN_PER_YUAN)
    return f"{'-' if fen < 0 else ''}{yuan:,}.{rest:02d}"


def format_wan(fen: int) -> str:
    """Exact 万元, as short as it can be and never rounded.

    >>> format_wan(50_000_000), format_wan(123_456_789), format_wan(1)
    ('50', '123.456789', '0.000001')
    """
    wan, rest = divmod(abs(fen), FEN_PER_WAN)
    return f"{'-' if fen < 0 else ''}{wan:,}{f'.{rest:06d}'.rstrip('0') if rest else ''}"


def format_sum(fen: int) -> str:
    """How a page shows a sum: 万元 for the eye and the exact yuan beside it.

    >>> format_sum(50_000_000)
    '50 万元（500,000.00 元）'
    """
    return f"{format_wan(fen)} 万元（{format_yuan(fen)} 元）"
