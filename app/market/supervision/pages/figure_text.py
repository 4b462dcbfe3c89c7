"""A figure in words for the eye: the same on a page, in a workbook and on paper."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from app.market.supervision.pages.sheets import reason_words
from app.market.supervision.pages.words import ACT_WORDS, figure_words
from app.market.supervision.rules import FUNNEL, REFUSED, Share, Tally, share
from app.web import formats
from app.web.i18n import N_, _, language

DASH: Final = "—"
MEDIAN: Final = "_median_x2"
SHARES: Final = frozenset(
    {
        "accepted", "after_red", "bad_ratings", "first_loan", "paused_workdays", "refused_without_evidence", "renewed",
        "satisfied",
        "unsecured_fen",
    }
)  # fmt: skip
MEANS: Final = frozenset({"complaints_per_order", "contact_seconds", "mean_rate", "stars", "workdays_to_decision"})
# In which order figures are told; what is not here follows, refusals by reason last.
ORDER: Final = (
    "funnel:push", "asked_fen", "accepted", "answered_in_time", "contacted_in_time", "contact_seconds",
    "contact_seconds_median_x2", "decided_in_time", "workdays_to_decision", "workdays_to_decision_median_x2",
    "paused_workdays", "after_red", "refused_without_evidence", "granted_fen", "signed_fen", "paid_out_fen",
    "unsecured_fen", "first_loan", "mean_rate", "renewed", "signed_in_time", "paid_in_time", "balance_fen",
    "outstanding_fen", "repaid_fen", "written_off_fen", "deferred_fen", "complaints", "complaints_per_order",
    "complaint_seen_in_time", "complaint_answered_in_time", "stars", "bad_ratings", "bad_rating_followed_in_time",
    "satisfied", "urges", "urge_rectified_in_time", "packages", "funnel:accept", "funnel:contact", "funnel:investigate",
    "funnel:offer", "funnel:pick", "funnel:sign", "funnel:pay_out",
)  # fmt: skip
COUNTED: Final = ("complaints", "urges")
PLACES: Final = {name: place for place, name in enumerate(ORDER)}
MARKS: Final = {"workdays_to_decision_median_x2": N_("中位数"), "contact_seconds_median_x2": N_("中位数"),
                "workdays_to_decision": N_("平均"), "contact_seconds": N_("平均")}  # fmt: skip


def in_order(figure: str) -> tuple[int, str]:
    """A key to sort figures by."""
    return (len(PLACES) + figure.startswith(REFUSED) if figure not in PLACES else PLACES[figure]), figure


def is_share(figure: str) -> bool:
    """Whether `value` is a part of `of`."""
    return figure in SHARES or figure.endswith("_in_time")


def name(figure: str, reasons: Mapping[str, tuple[str, str]] = MappingProxyType({})) -> str:
    """What a figure is called, with how it is taken where that is not plain; `reasons` say what a code stands for."""
    words = figure_words(figure)
    if (code := figure.removeprefix(REFUSED)) != figure and code in reasons:
        return f"{words} {reason_words(reasons, code)}"
    return _("{name}（{how}）").format(name=words, how=_(MARKS[figure])) if figure in MARKS else words


def share_of(figure: str, tally: Tally) -> Share | None:
    """The share with its interval, of figures that are one."""
    return share(tally.value, tally.of) if is_share(figure) and 0 <= tally.value <= tally.of else None


def said(figure: str, tally: Tally | None) -> str:
    """The value in its unit: percent, money, workdays, hours, a rate or a count; a dash where there is none."""
    if tally is None or (tally.of == 0 and not figure.endswith("_fen")):
        return DASH
    value, of = tally.value, tally.of
    if is_share(figure):
        return _tenths(value * 1000, of, " %") if of else DASH
    if figure in MEANS:
        return _mean(figure, value, of)
    if figure.endswith(MEDIAN):
        return _mean(figure.removesuffix(MEDIAN), value, 2)
    if figure.endswith("_fen"):
        return formats.money_text(value, language())
    return f"{of if figure.startswith(REFUSED) else value:,}"


def counts(figure: str, tally: Tally | None) -> str:
    """The counts behind a value; nothing where the value says it all."""
    if tally is None or tally.of == 0:
        return ""
    if figure == "unsecured_fen":
        money = (formats.money_text(one, language()) for one in (tally.value, tally.of))
        return "/".join(money)
    if figure.startswith(REFUSED):
        return _("有依据 {n}").format(n=tally.value)
    if is_share(figure):
        return f"{tally.value:,}/{tally.of:,}"
    if figure.startswith(FUNNEL) or figure in ("packages", "mean_rate", "outstanding_fen", *COUNTED):
        return ""
    return _("{n} 笔").format(n=f"{tally.of:,}")


def difference(figure: str, then: Tally | None, now: Tally | None) -> str:
    """How much more, or less, in the figure's own unit; counts of cases where the value itself is the same."""
    before, after = then or Tally(), now or Tally()
    if said(figure, then) == said(figure, now):
        more = after.of - before.of
        return _("{n} 笔").format(n=f"{more:+,}") if more else ""
    if is_share(figure) and before.of and after.of:
        points = round(1000 * after.value / after.of) - round(1000 * before.value / before.of)
        return _("{points} 个百分点").format(points=f"{points / 10:+.1f}")
    if figure.endswith("_fen") and not is_share(figure):
        more = after.value - before.value
        return ("+" if more > 0 else "") + formats.money_text(more, language())
    if figure in MEANS and before.of and after.of:
        return _mean(figure, after.value * before.of - before.value * after.of, before.of * after.of)
    if figure.endswith(MEDIAN):
        return _mean(figure.removesuffix(MEDIAN), after.value - before.value, 2)
    if figure.startswith((FUNNEL, REFUSED)) or figure in ("packages", *COUNTED):
        more = after.of - before.of if figure.startswith(REFUSED) else after.value - before.value
        return f"{more:+,}"
    return ""


def _mean(figure: str, value: int, of: int) -> str:
    if value < 0:
        return "-" + _mean(figure, -value, of)
    if figure == "mean_rate":
        return formats.rate((value + 50 * of) // (100 * of) * 100)  # Two decimals tell a mean well enough.
    if figure == "contact_seconds":
        return _tenths(value * 10, of * 3600, " " + _("小时"))
    if figure == "stars":
        return _tenths(value * 10, of, " " + _("星"))
    if figure == "complaints_per_order":
        return _tenths(value * 1000, of, " " + _("件/百笔"))
    return _tenths(value * 10, of, " " + _("个工作日"))


def _tenths(value: int, of: int, unit: str) -> str:
    """
    >>> _tenths(14 * 1000, 15, " %")
    '93.3 %'
    """
    tenths = (2 * value + of) // (2 * of)
    return f"{tenths // 10}.{tenths % 10}{unit}"


assert set(ACT_WORDS) >= {one.removeprefix(FUNNEL) for one in ORDER if one.startswith(FUNNEL)}
