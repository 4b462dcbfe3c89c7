"""How figures, days and codes look on a page. Pure: values in, text out; `language` is `zh` or `en`."""

import itertools
from datetime import date, datetime
from typing import Final

from markupsafe import Markup

from app.kernel.clock import SHANGHAI
from app.kernel.money import FEN_PER_WAN, format_yuan
from app.web.i18n import N_, _

NOTHING: Final = {
    "not_collected": N_("未采集"),
    "no_record": N_("无记录"),
    "not_allowed": N_("无权查看"),
}  # Three kinds of nothing that must not be mixed.
_MEANT: Final = {
    "not_collected": N_("该来源尚未提供这项数据，不等于没有"),
    "no_record": N_("来源已查，没有记录"),
    "not_allowed": N_("授权范围不含这一项，无权查看"),
}
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def money_text(fen: int, language: str = "zh") -> str:
    """A sum for the eye, rounded half up to 0.01 万元; below one 万元 in yuan, exact.

    >>> money_text(86_500_000), money_text(123_456_789), money_text(999_950), money_text(-50_000_000)
    ('¥86.5 万', '¥123.46 万', '¥9,999.50', '-¥50 万')
    >>> money_text(86_500_000, "en")
    '¥865,000'
    """
    sign, amount = ("-" if fen < 0 else ""), abs(fen)
    if language == "en" or amount < FEN_PER_WAN:
        return f"{sign}¥{format_yuan(amount).removesuffix('.00')}"
    hundredths = (amount + FEN_PER_WAN // 200) // (FEN_PER_WAN // 100)
    whole, rest = divmod(hundredths, 100)
    return f"{sign}¥{whole:,}{f'.{rest:02d}'.rstrip('0') if rest else ''} 万"


def money(fen: int, language: str = "zh") -> Markup:
    """`money_text` with the exact sum as title.

    >>> money(86_500_000)
    Markup('<data class="money" value="86500000" title="865,000.00 元">¥86.5 万</data>')
    """
    unit = "yuan" if language == "en" else "元"
    return Markup('<data class="money" value="{}" title="{} {}">{}</data>').format(
        fen, format_yuan(fen), unit, money_text(fen, language)
    )


def rate(ppm: int) -> str:
    """A rate in percent, two decimals, more only where needed to be exact.

    >>> rate(43_500), rate(60_000), rate(43_125), rate(1_234)
    ('4.35 %', '6.00 %', '4.3125 %', '0.1234 %')
    """
    whole, rest = divmod(abs(ppm), 10_000)
    decimals = f"{rest:04d}"
    kept = decimals[:2] if decimals.endswith("00") else decimals.rstrip("0")
    return f"{'-' if ppm < 0 else ''}{whole}.{kept} %"


def figure(value: str | int, unit: str, language: str = "zh") -> Markup | str:
    """A value of a report in its unit: text, date (YYYYMMDD), flag, count, months, fen or ppm.

    >>> figure(20250918, "date"), str(figure(21_000, "ppm")), figure(14, "months", "en"), figure(0, "flag", "zh")
    ('2025-09-18', '2.10 %', '14 months', '否')
    """
    if unit == "text" or isinstance(value, str):
        return str(value)
    match unit:
        case "date":
            return day(date(value // 10_000, value // 100 % 100, value % 100), language)
        case "fen":
            return money(value, language)
        case "ppm":
            return rate(value)
        case "flag":
            return _("是") if value else _("否")
        case "months":
            return f"{value} months" if language == "en" else f"{value} 个月"
        case _:
            return f"{value:,}"


def share(part: int, whole: int) -> str:
    """A share with its counts, so that a small number shows how small it is; nothing to count is a dash.

    >>> share(9, 12), share(0, 0)
    ('75.0 %（9/12）', '—（0/0）')
    """
    if whole == 0:
        return "—（0/0）"
    tenths = (2000 * part + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10} %（{part}/{whole}）"


def day(value: date, language: str = "zh") -> str:
    """
    >>> day(date(2026, 11, 24)), day(date(2026, 11, 24), "en")
    ('2026-11-24', '24 Nov 2026')
    """
    return value.isoformat() if language == "zh" else f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def instant(value: datetime, language: str = "zh") -> Markup:
    """An instant as wall time in Shanghai, with the exact instant for machines.

    >>> from datetime import UTC
    >>> instant(datetime(2026, 11, 24, 2, 5, tzinfo=UTC))
    Markup('<time datetime="2026-11-24T10:05:00+08:00">2026-11-24 10:05</time>')
    """
    local = value.astimezone(SHANGHAI)
    return Markup('<time datetime="{}">{} {:%H:%M}</time>').format(
        local.isoformat(timespec="seconds"), day(local.date(), language), local
    )


def code(value: str) -> Markup:
    """A code in groups for the eye, with a button that copies it without the gaps (it shows itself with scripts only).

    >>> print(str(code("A1B2C3")).replace("><button ", ">\\n<button "))
    <span class="copied"><code class="code"><span>A1B2</span><wbr><span>C3</span></code>
    <button class="copy" type="button" data-copy="A1B2C3" data-done="已复制" aria-label="复制 A1B2C3"></button></span>
    """
    steps = (0, 2, 8, 17, 18) if len(value) == 18 else (*range(0, len(value), 4), len(value))
    groups = [Markup("<span>{}</span>").format(value[a:b]) for a, b in itertools.pairwise(steps) if a < b]
    return Markup(
        '<span class="copied"><code class="code">{}</code>'
        '<button class="copy" type="button" data-copy="{}" data-done="{}" aria-label="{} {}"></button></span>'
    ).format(Markup("<wbr>").join(groups), value, _("已复制"), _("复制"), value)


def nothing(kind: str) -> Markup:
    """One of the three kinds of nothing, in words, with what is meant as title."""
    return Markup('<span class="nothing nothing-{}" title="{}">{}</span>').format(
        kind.replace("_", "-"), _(_MEANT[kind]), _(NOTHING[kind])
    )


def workdays_away(count: int) -> str:
    """How far a day is, in workdays: 0 is today, negative is past.

    >>> workdays_away(0), workdays_away(3), workdays_away(-1)
    ('今天', '3 个工作日后', '1 个工作日前')
    """
    if count == 0:
        return _("今天")
    if abs(count) == 1:
        return _("1 个工作日后") if count > 0 else _("1 个工作日前")
    return (_("%(n)s 个工作日后") if count > 0 else _("%(n)s 个工作日前")) % {"n": abs(count)}


def time_left(
    due_on: date | None, today: date, clock_state: str | None, workdays: int | None = None
) -> tuple[str, str]:
    """Tone and words of the time left until a deadline; empty where nothing is owed by a day. `workdays` are those
    left, where the limit is counted in them."""
    if due_on is None or clock_state not in ("running", "breached"):
        return "", ""
    days = (due_on - today).days
    if clock_state == "breached" or days < 0:
        return "bad", _("超时 {n} 天").format(n=max(-days, 1))
    if days == 0:
        return "warn", _("今天到期")
    tone = "warn" if (days if workdays is None else workdays) <= 1 else "good"
    if workdays is not None:
        return tone, _("剩 {n} 个工作日").format(n=workdays)
    return tone, _("剩 {n} 天").format(n=days)
