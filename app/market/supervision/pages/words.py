"""What codes are called on the regulator's pages: Chinese source texts, translated where they are shown."""

from collections.abc import Mapping
from typing import Final

from app.web.i18n import N_, _

BY_WORDS: Final[Mapping[str, str]] = {
    "bank": N_("银行"),
    "branch": N_("网点"),
    "product": N_("产品"),
    "district": N_("区县"),
    "month": N_("月份"),
    "industry": N_("行业"),
    "size": N_("企业规模"),
    "type": N_("贷款类型"),
}
FIGURE_WORDS: Final[Mapping[str, str]] = {
    "accepted": N_("接单率"),
    "answered_in_time": N_("按时应答"),
    "contacted_in_time": N_("按时联系"),
    "decided_in_time": N_("10 个工作日内办结"),
    "signed_in_time": N_("按时签约"),
    "paid_in_time": N_("按时放款"),
    "workdays_to_decision": N_("办结所用工作日"),
    "workdays_to_decision_median_x2": N_("办结所用工作日"),
    "contact_seconds": N_("首次联系时长"),
    "contact_seconds_median_x2": N_("首次联系时长"),
    "granted_fen": N_("授信金额"),
    "signed_fen": N_("签约金额"),
    "paid_out_fen": N_("放款金额"),
    "refused_without_evidence": N_("无有效依据的拒单"),
    "paused_workdays": N_("停表的工作日"),
    "asked_fen": N_("申请金额"),
    "unsecured_fen": N_("信用贷款占比"),
    "mean_rate": N_("平均利率"),
    "first_loan": N_("首贷户占比"),
    "renewed": N_("续贷成功率"),
    "balance_fen": N_("月末余额"),
    "outstanding_fen": N_("余额净增"),
    "repaid_fen": N_("还款金额"),
    "written_off_fen": N_("核销金额"),
    "deferred_fen": N_("延期金额"),
    "packages": N_("封存的数据包"),
    "after_red": N_("亮红灯后才办"),
    "complaints": N_("收到的投诉"),
    "complaints_per_order": N_("每百笔分单的投诉"),
    "complaint_seen_in_time": N_("投诉按时确认"),
    "complaint_answered_in_time": N_("投诉按时答复"),
    "stars": N_("企业评分"),
    "bad_ratings": N_("差评占比"),
    "bad_rating_followed_in_time": N_("差评按时跟进"),
    "satisfied": N_("回访满意率"),
    "urges": N_("收到的督办"),
    "urge_rectified_in_time": N_("督办按时整改"),
}
ACT_WORDS: Final[Mapping[str, str]] = {
    "push": N_("推送"),
    "accept": N_("接单"),
    "refuse": N_("拒单"),
    "contact": N_("联系企业"),
    "investigate": N_("开展尽调"),
    "ask_papers": N_("要求补充材料"),
    "bring_papers": N_("补齐材料"),
    "cap_papers": N_("补件期满"),
    "offer": N_("给出授信方案"),
    "pick": N_("企业选定"),
    "pass_over": N_("企业选了其他银行"),
    "sign": N_("签约"),
    "pay_out": N_("放款"),
    "end_draws": N_("结束提款"),
    "withdraw": N_("企业撤回"),
    "revoke": N_("企业撤回授权"),
    "lapse": N_("到期失效"),
    "let_go": N_("企业放弃"),
    "deny_contact": N_("企业否认联系"),
    "contest_papers": N_("企业对补件提出异议"),
    "retract": N_("银行撤回方案"),
    "reassign": N_("转给另一网点"),
    "reopen": N_("申诉成立，重新调查"),
    "repay": N_("归还本金"),
    "extend": N_("展期"),
    "mark_overdue": N_("标记逾期"),
    "settle": N_("结清"),
    "reschedule": N_("延期协议签订"),
    "breach": N_("承诺逾期"),
}
STATE_WORDS: Final[Mapping[str, str]] = {
    "listed": N_("待推送"),
    "pushed": N_("待接单"),
    "accepted": N_("已接单"),
    "contacted": N_("已联系"),
    "investigating": N_("尽调中"),
    "offered": N_("已给方案"),
    "picked": N_("已选定"),
    "signed": N_("已签约"),
    "paying": N_("放款中"),
    "serviced": N_("已放款"),
    "refused": N_("已拒单"),
    "passed_over": N_("未选中"),
    "withdrawn": N_("已撤回"),
    "settled": N_("已结清"),
    "lapsed": N_("已失效"),
    "moved": N_("已转网点"),
}
CLOCK_WORDS: Final[Mapping[str, str]] = {
    "ACCEPT": N_("接单时限"),
    "CONTACT": N_("联系时限"),
    "DECISION": N_("办结时限"),
    "RECOMMENDED": N_("推荐清单答复时限"),
    "OFFER": N_("方案有效期"),
    "SIGN": N_("签约时限"),
    "GRACE": N_("企业答复期"),
    "PAYOUT": N_("放款时限"),
    "DRAWS": N_("提款期"),
    "UNTIL": N_("需求有效期"),
    "PAPERS": N_("补件时限"),
    "DELIVERY": N_("数据包送达时限"),
}
CAUSE_WORDS: Final[Mapping[str, str]] = dict(CLOCK_WORDS) | {
    "let_go": N_("企业放弃"),
    "withdrawn": N_("企业撤回"),
    "revoked": N_("企业撤回授权"),
    "deferral": N_("延期还本付息"),
    "written_off": N_("核销余额"),
}
OVERNIGHT_WORDS: Final[Mapping[str, str]] = {
    "breach": N_("新增逾期"),
    "refuse": N_("拒单"),
    "lapse": N_("到期失效"),
    "withdraw": N_("企业撤回"),
}
OWNER_WORDS: Final[Mapping[str, str]] = {"bank": N_("银行"), "firm": N_("企业"), "platform": N_("平台")}
EVENT_WORDS: Final[Mapping[str, str]] = {
    "started": N_("开始计时"),
    "recounted": N_("按新日历重算截止日"),
    "confirmed": N_("放假安排已公布，截止日不变"),
    "kept": N_("新日历来得太晚，截止日不变"),
    "met": N_("按时完成"),
    "void": N_("不再计时"),
    "late": N_("逾期后完成"),
    "breached": N_("逾期"),
    "paused": N_("停表"),
    "resumed": N_("恢复计时"),
}
KIND_WORDS: Final[Mapping[str, str]] = {
    "move": N_("办理"),
    "clock": N_("时限"),
    "pause": N_("停表"),
    "money": N_("金额"),
    "read": N_("数据包"),
    "proposal": N_("双人复核"),
    "urge": N_("督办"),
    "complaint": N_("投诉"),
    "rating": N_("评价"),
    "call": N_("回访"),
    "notice": N_("通知"),
    "message": N_("消息"),
    "audit": N_("审计"),
    "flag": N_("疑点"),
}
FLAG_WORDS: Final[Mapping[str, str]] = {
    "contradicted": N_("与数据包不符"), "empty": N_("说明空洞"), "leaks": N_("含不得告知的内容"),
    "no_word": N_("代企业表态"), "copied": N_("说明雷同"),
}  # fmt: skip
SIDE_WORDS: Final[Mapping[str, str]] = {
    "firm": N_("企业"),
    "bank": N_("银行"),
    "platform": N_("平台"),
    "other": N_("其他人员"),
}
MONEY_WORDS: Final[Mapping[str, str]] = {
    "offer": N_("授信方案"),
    "contract": N_("合同"),
    "draw": N_("放款"),
}
PROPOSAL_WORDS: Final[Mapping[str, str]] = {
    "made": N_("一人提出，等第二人复核"),
    "approved": N_("第二人同意"),
    "rejected": N_("第二人不同意"),
    "expired": N_("无人复核，已过期"),
    "void": N_("不再需要"),
}
NOTICE_WORDS: Final[Mapping[str, str]] = {
    "pending": N_("待送达"),
    "delivered": N_("已送达"),
    "dead": N_("未能送达"),
    "sealed": N_("数据包已封存"),
    "envelope": N_("银行系统取走数据包"),
    "page": N_("银行人员查看数据包"),
}


def figure_words(figure: str) -> str:
    """A figure in words, in the language in use; an unknown name stays as it is."""
    kind, _colon, rest = figure.partition(":")
    if kind == "funnel":
        return _(ACT_WORDS.get(rest, rest))
    if kind == "refused":
        return f"{_('拒单')} {rest}"
    return _(FIGURE_WORDS.get(figure, figure))


AUDIENCE_WORDS: Final[Mapping[str, str]] = {
    "firm": N_("告知企业"),
    "branch": N_("告知网点"),
    "head_office": N_("告知银行总部"),
    "customer_service": N_("告知平台客服"),
    "supervisor": N_("告知监管"),
    "operator": N_("告知平台运营"),
}
AUDIT_WORDS: Final[Mapping[str, str]] = {
    "order.post": N_("发布需求"),
    "consent.granted": N_("签署授权"),
    "consent.gate-closed": N_("停止使用授权"),
    "consent.revoked": N_("撤回授权"),
    "package.seal": N_("封存数据包"),
    "package.read": N_("银行打开数据包"),
    "package.own-read": N_("企业查看自己的数据包"),
    "paper.brought": N_("企业提交补充材料"),
    "paper.read": N_("银行打开补充材料"),
    "paper.own-read": N_("企业打开自己的补充材料"),
    "report.read": N_("汇总信用信息"),
    "proposal.make": N_("提交复核"),
    "proposal.approved": N_("复核同意"),
    "proposal.rejected": N_("复核退回"),
    "proposal.expired": N_("逾期未复核"),
    "proposal.void": N_("复核事项已结束"),
    "case-file.read": N_("监管查看案卷"),
    "month.frozen": N_("冻结月份"),
    "document.made": N_("生成文件"),
    "document.downloaded": N_("下载文件"),
}
URGE_WORDS: Final[Mapping[str, str]] = {
    "issue": N_("下发督办"),
    "receive": N_("签收"),
    "reply": N_("回复"),
    "rectify": N_("报告已整改"),
    "send_back": N_("退回重办"),
    "close": N_("办结"),
    "withdraw": N_("撤销督办"),
    "breach": N_("逾期未回复"),
}
ADDRESSEE_WORDS: Final[Mapping[str, str]] = {
    "branch": N_("网点"),
    "head_office": N_("银行总部"),
    "supervisor": N_("系统监管员"),
}
COMPLAINT_WORDS: Final[Mapping[str, str]] = {
    "file": N_("提出投诉"),
    "acknowledge": N_("银行确认收到"),
    "answer": N_("银行答复"),
    "accept": N_("企业对答复满意"),
    "dispute": N_("企业对答复有异议"),
    "escalate": N_("客服上报监管部门"),
    "close": N_("核实办结"),
    "withdraw": N_("企业撤回投诉"),
    "breach": N_("超过时限"),
}
CALL_WORDS: Final[Mapping[str, str]] = {
    "waiting": N_("抽中回访"),
    "satisfied": N_("回访：满意"),
    "not": N_("回访：不满意"),
    "unreachable": N_("回访：联系不上"),
}
RATING_WORDS: Final[Mapping[str, str]] = {
    "mark": N_("企业评价"),
    "opened": N_("差评转入跟进"),
    "followed": N_("差评已跟进"),
}
VOICE_SIDES: Final[Mapping[str, str]] = {
    "firm": N_("企业"), "bank": N_("银行"), "service": N_("平台客服"), "regulator": N_("监管部门"),
    "clock": N_("系统计时"),
}  # fmt: skip
