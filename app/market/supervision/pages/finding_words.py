"""What a picture says, in words: the titles of the charts, written from the data by the verdicts of `findings`."""

from collections.abc import Mapping

from app.market.supervision.pages.sheets import reason_words, tenths_text
from app.market.supervision.pages.words import ACT_WORDS
from app.market.supervision.rules import Share
from app.market.supervision.rules.findings import FunnelFound, GroupsFound, MonthFound, ReasonsFound, Turn
from app.market.supervision.rules.norms import Norms
from app.web.i18n import _, language

MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def month_words(month: str) -> str:
    """`2025-10` as a month of a year, in the language in use."""
    year, number = int(month[:4]), int(month[5:])
    return f"{MONTHS_EN[number - 1]} {year}" if language() == "en" else f"{year} 年 {number} 月"


def say_months(found: MonthFound, days: int, norms: Norms) -> str:
    if found.turn is Turn.NOTHING or found.share is None:
        return _("还没有到期或办结的审批")
    month = month_words(found.month)
    if found.turn is Turn.FEW:
        return _("{month}只有 {n} 笔到期或办结，不足 {small} 笔，还看不出变化").format(
            month=month, n=found.share.of, small=norms.small
        )
    said = _("{month} {share} 的订单在 {days} 个工作日内有答复").format(
        month=month, share=tenths_text(found.share), days=days
    )
    if found.turn is Turn.ALONE:
        return said
    return said + _compared(found)


def _compared(found: MonthFound) -> str:
    before = month_words(found.before)
    points = f"{found.points // 10}.{found.points % 10}"
    if found.turn is Turn.SAME:
        return _("，与{before}持平").format(before=before)
    higher = found.turn is Turn.HIGHER
    if found.is_sure:
        words = _("，比{before}高 {points} 个百分点") if higher else _("，比{before}低 {points} 个百分点")
    elif higher:
        words = _("，比{before}高 {points} 个百分点，但差别在误差范围内")
    else:
        words = _("，比{before}低 {points} 个百分点，但差别在误差范围内")
    return words.format(before=before, points=points)


def say_funnel(found: FunnelFound) -> str:
    if not found.pushed and not found.accepted:
        return _("还没有推送给银行的需求")
    said = _("推送 {pushed} 笔，接单 {accepted} 笔，放款 {paid} 笔").format(
        pushed=found.pushed, accepted=found.accepted, paid=found.paid
    )
    if found.worst is None:
        return said
    before, after = (_(ACT_WORDS[act]) for act in found.worst)
    return said + _("；少得最多的一步是“{before}”到“{after}”，少 {lost} 笔").format(
        before=before, after=after, lost=found.lost
    )


def say_reasons(found: ReasonsFound, words: Mapping[str, tuple[str, str]]) -> str:
    if found.top is None:
        return _("还没有拒单")
    said = _("{count} 笔拒单中最多的原因是“{reason}”，{n} 笔").format(
        count=found.count, reason=reason_words(words, found.top.code), n=found.top.count
    )
    if found.unproved == 0:
        return said + _("；全部有有效依据")
    return said + _("；{n} 笔没有有效依据").format(n=found.unproved)


def say_districts(found: GroupsFound, norms: Norms) -> str:
    if found.enough == 0 or found.share is None:
        return _("{groups} 个区县中还没有一个满 {small} 笔，暂不比较").format(groups=found.groups, small=norms.small)
    if found.below == 0:
        return _("{enough} 个样本充足的区县都达到 {target} 的目标").format(
            enough=found.enough, target=percent(norms.target_ppm)
        )
    said = _("{enough} 个样本充足的区县中 {below} 个低于 {target} 的目标，最低的是 {share}").format(
        enough=found.enough, below=found.below, target=percent(norms.target_ppm), share=tenths_text(found.share)
    )
    return said if language() == "en" else f"{said}（{found.lowest}）"  # Districts have Chinese names alone.


def say_groups(found: GroupsFound, norms: Norms) -> str:
    """For banks, branches and products: how many are below the target, and how many surely."""
    if found.groups == 0:
        return _("还没有到期或办结的承诺")
    if found.enough == 0:
        return _("{groups} 组中还没有一组满 {small} 笔，暂不排名").format(groups=found.groups, small=norms.small)
    target = percent(norms.target_ppm)
    if found.below == 0:
        return _("{enough} 组样本充足，都达到 {target} 的目标").format(enough=found.enough, target=target)
    said = _("{enough} 组样本充足，其中 {below} 组低于 {target} 的目标").format(
        enough=found.enough, below=found.below, target=target
    )
    return said + _("，{surely} 组连误差上限也低于目标").format(surely=found.surely)


def say_decided(decided: Share, norms: Norms) -> str:
    """The share decided in time against what is aimed at; empty where nothing was due."""
    if decided.ppm is None:
        return ""
    words = _("10 个工作日内办结 {share}，低于 {goal} 的目标")
    if decided.ppm >= norms.target_ppm:
        words = _("10 个工作日内办结 {share}，达到 {goal} 的目标")
    return words.format(share=tenths_text(decided), goal=percent(norms.target_ppm))


def percent(ppm: int) -> str:
    """A round share.

    >>> percent(950_000), percent(975_000)
    ('95 %', '97.5 %')
    """
    tenths_of = ppm // 1000
    return f"{tenths_of // 10} %" if tenths_of % 10 == 0 else f"{tenths_of // 10}.{tenths_of % 10} %"
