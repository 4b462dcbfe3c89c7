"""How the messages read. `{bank}` is a name; slots in `_fen`, `_ppm`, `_on` are shown in their units."""

from collections.abc import Mapping
from typing import Final

from app.web.i18n import N_

TEXTS: Final[Mapping[str, str]] = {
    "firm.accepted": N_("{bank}已受理，正在办理。办理时限见需求页。"),
    "firm.papers_asked": N_("{bank}需要您补充材料，请尽快在需求页提交；补充期间银行的办理时限暂停。"),
    "firm.papers_capped": N_("补充材料的期限已到，{bank}将按现有材料继续办理。"),
    "firm.refused": N_("{bank}没有同意这次申请。理由和改进办法见需求页。"),
    "firm.offered": N_("{bank}给出授信方案：{amount_fen}，年利率 {rate_ppm}，{days} 个工作日内有效。"),
    "firm.signed": N_("与{bank}的合同已登记，金额 {amount_fen}。"),
    "firm.paid": N_("{bank}已放款 {amount_fen}。"),
    "firm.deadline_missed": N_("{bank}没有在 {due_on} 前完成应办事项，已记入监管记录。"),
    "firm.lapsed_accept": N_("{bank}没有在时限内受理，您的需求会转给下一家。"),
    "firm.lapsed_offer": N_("{bank}的授信方案已过有效期。"),
    "firm.lapsed_until": N_("您的需求已到截止日，{bank}的办理随之结束。"),
    "firm.lapsed_sign": N_("与{bank}的签约已逾期结束。"),
    "firm.lapsed_grace": N_("与{bank}的签约已逾期结束。"),
    "firm.lapsed_draws": N_("与{bank}的合同已过提款期，未提款部分结束。"),
    "firm.order_refused": N_("您的需求已结束：所选银行都没有同意。您可以看看理由，再发布新的需求。"),
    "firm.order_lapsed": N_("您的需求已结束：没有银行在时限内办成。您可以重新发布。"),
    "firm.order_unmatched": N_("您的需求已结束：没有合适的网点可以受理。您可以换一个产品或银行再试。"),
    "branch.pushed": N_("收到一笔新的融资需求，请在时限内受理。"),
    "branch.papers_brought": N_("企业已补充材料，办理时限恢复计算。"),
    "branch.papers_capped": N_("企业没有在期限内补充材料，办理时限恢复计算。"),
    "branch.picked": N_("企业选择了本行的授信方案（{amount_fen}），请在时限内签约。"),
    "branch.passed_over": N_("企业选择了其他银行的方案，本单结束。"),
    "branch.withdrawn": N_("企业撤回了需求，本单结束。"),
    "branch.revoked": N_("企业撤回了对本行的授权，本单结束，数据包不可再读。"),
    "branch.lapsed": N_("本单已到期结束。"),
    "missed.accept": N_("{bank}有一笔需求没有在 {due_on} 前受理，已失效。"),
    "missed.contact": N_("{bank}有一笔需求没有在 {due_on} 前联系企业。"),
    "missed.decision": N_("{bank}有一笔需求没有在 {due_on} 前答复。"),
    "missed.sign": N_("{bank}有一笔需求没有在 {due_on} 前签约。"),
    "missed.payout": N_("{bank}有一笔需求没有在 {due_on} 前放款。"),
    "missed.delivery": N_("平台没有按时把数据包告知{bank}。"),
}
