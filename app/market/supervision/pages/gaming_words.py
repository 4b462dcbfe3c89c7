"""What measures of conduct are called, what each counts, and what a panel shows, in words."""

from collections.abc import Mapping
from typing import Final

from app.market.supervision.rules.gaming import Compared, Line, Measure
from app.web.i18n import N_, _

MEASURE_WORDS: Final[Mapping[Measure, str]] = {
    Measure.PAUSED: N_("停表占办结时间"),
    Measure.LAST_TENTH: N_("压线答复"),
    Measure.AFTER_RED: N_("亮红灯后才办"),
    Measure.REOPENED: N_("答复后又推翻"),
    Measure.COPIED: N_("拒单理由雷同"),
    Measure.PICKED: N_("挑选好企业"),
    Measure.DENIED: N_("企业否认被联系"),
    Measure.HIDDEN: N_("临期撤回（隐性拒单）"),
}
FORMULA_WORDS: Final[Mapping[Measure, str]] = {
    Measure.PAUSED: N_("从接单到离开网点之间的工作日里，办结时限停表的工作日所占的比例。"),
    Measure.LAST_TENTH: N_("按时给出的方案和拒单里，到亮红灯以后才给出的比例。"),
    Measure.AFTER_RED: N_("应答、联系、办结、签约和首次放款里，到亮红灯以后才做的比例，逾期后才做的也算。"),
    Measure.REOPENED: N_("方案和拒单里，事后撤回方案、改派其他网点或申诉成立的比例。"),
    Measure.COPIED: N_("拒单里，说明文字与本网点先前写给另一家企业的相同或几乎相同的比例。"),
    Measure.PICKED: N_("A、B 级企业的接单率减去 C、D 级企业的接单率，与全市的差距相比。"),
    Measure.DENIED: N_("登记的联系里，企业说没有被联系过的比例。"),
    Measure.HIDDEN: N_("以方案、拒单或撤回离开网点的案件里，临近截止时撤回的，或企业说是银行要求撤回的比例。"),
}
SUMMED: Final = {Measure.PAUSED: N_("工作日")}  # What is counted where it is not cases.


def percent(ppm: int | None) -> str:
    """A share for the eye, one decimal; a gap may be negative.

    >>> percent(-12_345), percent(900_000)
    ('-1.2 %', '90.0 %')
    """
    return "—" if ppm is None else f"{ppm / 10_000:.1f} %"


def told(measure: Measure, ppm: int | None) -> str:
    """What a measure amounts to: a share, or, where it is the gap between two shares, percentage points with a sign."""
    if ppm is None or measure is not Measure.PICKED:
        return percent(ppm)
    return _("{points} 个百分点").format(points=f"{ppm / 10_000:+.1f}".replace("-", "−") if abs(ppm) >= 500 else "0.0")


def say(found: Compared, names: Mapping[str, str], peers: int) -> str:
    """What a measure shows: who stands out, or that nobody does, or that there is too little to say."""
    if not found.lines:
        return _("还没有可以统计的案件")
    if found.median_ppm is None:
        return _("样本足够的网点不到 {peers} 个，不作比较").format(peers=peers)
    if not found.out:
        return _("没有网点明显偏高，全市 {city}").format(city=told(found.measure, found.city.ppm))
    first = found.out[0]
    slots = {
        "name": names.get(str(first.branch_id), ""), "share": told(found.measure, first.estimate.ppm),
        "others": told(found.measure, first.others.ppm), "n": len(found.out),
    }  # fmt: skip
    if len(found.out) == 1:
        return _("{name}明显偏高：{share}，其他网点合计 {others}").format(**slots)
    return _("{n} 个网点明显偏高，最高的是{name}：{share}，其他网点合计 {others}").format(**slots)


def say_urge(found: Compared, line: Line, names: Mapping[str, str]) -> str:
    """The first words of an urge about a branch."""
    return _("{name}“{measure}”为 {share}，其他网点合计 {others}。请说明原因并整改。").format(
        name=names.get(str(line.branch_id), ""), measure=_(MEASURE_WORDS[found.measure]),
        share=told(found.measure, line.estimate.ppm), others=told(found.measure, line.others.ppm),
    )  # fmt: skip


def say_panel(measures: Mapping[Measure, Compared]) -> str:
    """What the whole panel shows, over all measures."""
    out = [found for found in measures.values() if found.out]
    if out:
        branches = {line.branch_id for found in out for line in found.out}
        return _("{n} 项做法有网点明显偏高，涉及 {m} 个网点").format(n=len(out), m=len(branches))
    compared = sum(found.median_ppm is not None for found in measures.values())
    if compared == 0:
        return _("样本还不够，暂时看不出哪个网点明显偏高")
    if compared == len(measures):
        return _("{n} 项做法都没有网点明显偏高").format(n=compared)
    return _("{n} 项可比较的做法中没有网点明显偏高，另外 {m} 项样本不够").format(n=compared, m=len(measures) - compared)
