"""What people call the codes of an order: purposes, states, clocks, reasons of an end. Chinese source texts."""

from collections.abc import Mapping
from typing import Final

from markupsafe import Markup

from app.web.i18n import N_, _

PURPOSES: Final[Mapping[str, str]] = {
    "working_capital": N_("日常周转（进货、工资、租金）"),
    "equipment": N_("购置设备"),
    "renovation": N_("装修改造"),
    "expansion": N_("扩大经营"),
    "agriculture": N_("农业生产"),
}
COLLATERAL: Final[Mapping[str, str]] = {
    "none": N_("没有抵押或担保"),
    "property": N_("房产抵押"),
    "equipment": N_("设备抵押"),
    "receivables": N_("应收账款质押"),
    "guarantee": N_("第三方保证"),
}
DECIDING: Final[Mapping[str, str]] = {
    "rate": N_("利率更低"),
    "speed": N_("承诺办结更快"),
    "headroom": N_("授权上限更宽裕"),
    "district": N_("指定服务您所在区县"),
    "term": N_("可贷期限更长"),
    "purpose": N_("专门支持这一用途"),
    "tie": N_("各项相同，按抽签排序"),
}
# What an order is, as its firm reads it: (tone, words).
STANDINGS: Final[Mapping[str, tuple[str, str]]] = {
    "posted": ("still", N_("已发布，正在送达银行")),
    "open": ("good", N_("银行正在办理")),
    "agreed": ("good", N_("已选定方案")),
    "serviced": ("good", N_("已放款")),
    "closed": ("good", N_("已结清")),
    "withdrawn": ("still", N_("您已撤回")),
    "refused": ("bad", N_("银行未同意")),
    "lapsed": ("warn", N_("已过期失效")),
    "unmatched": ("warn", N_("已结束，没有成交")),
}
STATES: Final[Mapping[str, tuple[str, str]]] = {
    "pushed": ("still", N_("等待银行受理")),
    "accepted": ("good", N_("已受理，等待联系您")),
    "contacted": ("good", N_("已联系您，正在审查")),
    "investigating": ("good", N_("正在调查")),
    "offered": ("good", N_("已给出方案，等您选定")),
    "picked": ("good", N_("您已选定，等待签约")),
    "signed": ("good", N_("已签约，等待放款")),
    "paying": ("good", N_("正在放款")),
    "serviced": ("good", N_("已放款")),
    "refused": ("bad", N_("未同意")),
    "passed_over": ("still", N_("您选了别家")),
    "withdrawn": ("still", N_("已撤回")),
    "lapsed": ("warn", N_("已失效")),
    "moved": ("still", N_("已转给该行另一网点")),
    "settled": ("good", N_("已结清")),
}
MOVES: Final[Mapping[str, str]] = {
    "push": N_("需求送达该行"),
    "accept": N_("银行受理，数据包封存"),
    "refuse": N_("银行未同意"),
    "contact": N_("银行联系了您"),
    "investigate": N_("银行开始调查"),
    "ask_papers": N_("银行请您补充材料"),
    "bring_papers": N_("您答复了补充材料"),
    "cap_papers": N_("补充材料的时间已到，银行继续计时"),
    "offer": N_("银行给出方案"),
    "pick": N_("您选定该行方案"),
    "pass_over": N_("您选定了别家方案"),
    "sign": N_("签订合同"),
    "pay_out": N_("银行放款"),
    "end_draws": N_("放款结束"),
    "withdraw": N_("您撤回了需求"),
    "revoke": N_("您撤回了对该行的授权"),
    "lapse": N_("到期失效"),
    "let_go": N_("您不再等待该行"),
    "breach": N_("银行超过承诺时限"),
    "deny_contact": N_("您否认银行联系过您"),
    "contest_papers": N_("您对补充材料提出异议"),
    "retract": N_("银行撤回方案"),
    "reassign": N_("银行转给另一网点"),
    "reopen": N_("申诉成立，银行重新调查"),
    "repay": N_("归还本金"),
    "extend": N_("展期"),
    "mark_overdue": N_("银行标记逾期"),
    "settle": N_("结清"),
    "reschedule": N_("延期协议签订"),
}
FIRM_WORDS: Final[Mapping[str, str]] = {
    "gave_up": N_("我不想办了"),
    "served_elsewhere": N_("已在别家办好"),
    "terms_declined": N_("额度太低或利率太高"),
}
RETRACTIONS: Final[Mapping[str, str]] = {
    "fraud": N_("银行认为资料涉嫌造假"),
    "changed_facts": N_("银行认为情况发生变化"),
}
CHANNELS: Final[Mapping[str, str]] = {"phone": N_("电话"), "visit": N_("上门"), "online": N_("线上")}
CLOCKS: Final[Mapping[str, str]] = {
    "ACCEPT": N_("银行受理"),
    "CONTACT": N_("银行联系您"),
    "DECISION": N_("银行办结"),
    "OFFER": N_("您选定方案"),
    "SIGN": N_("签约"),
    "GRACE": N_("您决定是否继续等待签约"),
    "PAYOUT": N_("首次放款"),
    "DRAWS": N_("合同用款"),
    "UNTIL": N_("需求有效"),
    "PAPERS": N_("您补充材料"),
    "DELIVERY": N_("数据包送达银行"),
    "RECOMMENDED": N_("推荐清单：银行一个月内答复"),
}
CLOCK_STATES: Final[Mapping[str, tuple[str, str]]] = {
    "running": ("still", N_("计时中")),
    "paused": ("warn", N_("暂停计时")),
    "met": ("good", N_("按时完成")),
    "breached": ("bad", N_("已超时")),
    "void": ("still", N_("不再适用")),
}
PASSED: Final = ("bad", N_("已过期限"))
CAUSES: Final[Mapping[str, str]] = {
    "ACCEPT": N_("银行未按时受理，系统已自动转给下一家。"),
    "OFFER": N_("方案过了有效期，您没有选定。"),
    "UNTIL": N_("需求过了有效期。"),
    "SIGN": N_("银行未按时签约，且您没有表示继续等待。"),
    "GRACE": N_("银行未按时签约，且您没有表示继续等待。"),
    "DRAWS": N_("用款期内没有放款。"),
    "let_go": N_("您因银行超时不再等待。"),
    "revoked": N_("您撤回了对该行的授权。"),
    "withdrawn": N_("您撤回了整笔需求。"),
}
ENDS: Final[Mapping[str, str]] = {
    "withdrawn": N_("您撤回了这笔需求，所有银行已停止办理，授权同时终止。"),
    "refused": N_("选定的银行都没有给出方案，其中至少一家说明了不同意的原因。您可以按改善建议调整后重新发布。"),
    "lapsed": N_("需求过了您设定的有效期，还没有选定方案。"),
    "unmatched": N_("名单上的银行都已结束办理，没有银行拒绝，也没有成交。您可以增加银行或调整需求后重新发布。"),
}
REPAYMENTS: Final[Mapping[str, str]] = {
    "instalments": N_("等额分期"),
    "interest_first": N_("按月付息，到期还本"),
    "bullet": N_("到期一次还本付息"),
}
PURPOSES_OF_CONSENT: Final[Mapping[str, str]] = {
    "pre_loan": N_("贷前审查"),
    "in_loan": N_("贷中审查"),
    "post_loan": N_("贷后管理"),
}


SOURCES: Final[Mapping[str, str]] = {
    "registry": N_("市场主体登记"),
    "invoices": N_("增值税发票"),
    "grading": N_("公共信用综合评价"),
    "list": N_("公开名单"),
    "bank": N_("银行自行提供"),
}


KINDS: Final[Mapping[str, str]] = {
    "ENT": N_("企业"),
    "SOLE": N_("个体工商户"),
    "COOP": N_("农民专业合作社"),
    "SOC": N_("社会组织"),
    "INST": N_("事业单位"),
    "COLLECTIVE": N_("农村集体经济组织"),
    "GOV": N_("机关"),
}


def kind(code: str) -> str:
    """The kind of a subject, in the visitor's language."""
    return _(KINDS.get(code, code))


def source(code: str) -> str:
    """Where an item comes from, in the visitor's language; a department's own name stays as it is."""
    known = SOURCES.get(code.partition(":")[0])
    return _(known) if known else code


def words(table: Mapping[str, str], code: str) -> str:
    """The source text of a code; a code that a later edition brings stands for itself."""
    return table.get(code, code)


def marked(table: Mapping[str, str], code: str) -> Markup | str:
    """The words of a code for a page; what no table knows is shown as it was written, marked as not ours."""
    return _(table[code]) if code in table else Markup("<span data-text>{}</span>").format(code)


# What is to be done next, by the clock that runs; and which of it is the firm's to do.
TURNS: Final[Mapping[str, str]] = {
    "ACCEPT": N_("决定是否受理"),
    "CONTACT": N_("联系您"),
    "DECISION": N_("给出方案，或说明不同意的原因"),
    "PAPERS": N_("把材料交给银行"),
    "OFFER": N_("选定方案，或不选"),
    "SIGN": N_("与您签订合同"),
    "GRACE": N_("决定是否继续等待签约"),
    "PAYOUT": N_("放款"),
    "DRAWS": N_("在用款期内放款"),
}
MINE: Final = frozenset({"PAPERS", "OFFER", "GRACE"})
ANCHORS: Final[Mapping[str, str]] = {"PAPERS": "#papers", "OFFER": "#offers"}
READ_BY: Final[Mapping[str, str]] = {
    "envelope": N_("银行系统取走数据包"),
    "page": N_("银行人员打开数据包"),
    "paper": N_("银行打开您的材料"),
}
_DAY_MARKS: Final[Mapping[str, str]] = {
    "start": N_("起算"),
    "counted": "{n}",
    "make_up": "{n}",
    "provisional": "{n}?",
    "weekend": N_("休"),
    "holiday": N_("放假"),
    "paused": N_("暂停"),
}


def day_mark(code: str, n: int | None) -> str:
    """The few letters that fit on a tile of a strip of days."""
    mark = _DAY_MARKS.get(code, code)
    return mark.format(n=n) if "{" in mark else _(mark)
