"""What a branch of the demo says when it refuses: reasons that the sealed evidence is likely to bear out.

Pure. They are tried in order; the service lets through only what holds, so that no refusal of the demo is groundless.
"""

from collections.abc import Sequence
from datetime import date
from random import Random

from app.demo.city import WAN, Firm
from app.market.orders.service.decisions import Said
from app.market.reasons import Claim, Comparison

EQ, LT, GE, NOT_COLLECTED = Comparison.EQ, Comparison.LT, Comparison.GE, Comparison.NOT_COLLECTED


def reasons_against(
    firm: Firm, today: date, amount_fen: int, dice: Random, *, unseen: bool = False
) -> Sequence[Said]:  # fmt: skip
    """The reasons worth trying, the weightiest first. `unseen`: before acceptance, when no data may be pointed at."""
    if unseen:
        return (
            _said("I2", "本季度额度池余额不足以覆盖申请金额，下季度欢迎再次申请。", "pool.covers_amount", EQ, 0),
            _said("A3", "您所在的行业暂不在本产品的准入范围内，可选择本行其他产品。", "list.covers_industry", EQ, 0),
        )  # fmt: skip
    found = [*_of_lists(firm), *_of_papers(dice)]
    others = [*_of_age(firm, today), *_of_tax(firm, amount_fen), *_of_sales(firm, amount_fen)]
    dice.shuffle(others)
    return (*found, *others, too_small(firm))


def _said(code: str, words: str, path: str, comparison: Comparison, value: int | str | None) -> Said:
    return Said(code=code, words=words, claim=Claim(path, comparison, value))


def _of_lists(firm: Firm) -> Sequence[Said]:
    found = []
    if firm.dishonest:
        words = "数据包显示企业为失信被执行人，请先履行生效文书确定的义务。"
        found.append(_said("B2", words, "judicial.dishonest_listed", EQ, 1))
    if firm.abnormal:
        words = "数据包显示企业被列入经营异常名录，移出后欢迎再次申请。"
        found.append(_said("A4", words, "lists.abnormal_listed", EQ, 1))
    return found


def _of_papers(dice: Random) -> Sequence[Said]:
    words = "已书面列明所需材料，期限届满仍未补齐，补齐后可再次申请。"
    return (_said("G1", words, "order.papers_capped", EQ, 1),)


def _of_age(firm: Firm, today: date) -> Sequence[Said]:
    if (today - firm.founded_on).days > 900:
        return ()
    words = "企业成立未满三年，暂不符合本产品对经营年限的要求。"
    return (_said("A1", words, "registration.age_months", LT, 36),)


def _of_tax(firm: Firm, amount_fen: int) -> Sequence[Said]:
    if firm.tax_credit == "C":
        return (_said("D2", "上年度纳税信用等级为 C 级，提升至 B 级以上后可再申请。", "tax.tax_credit", EQ, "C"),)
    if firm.tax_paid_12m_fen is None:
        words = "未取得企业近十二个月纳税数据，授权税务部门归集后可再申请。"
        return (_said("D4", words, "tax.paid_12m_fen", NOT_COLLECTED, None),)
    floor = _round_up(max(firm.tax_paid_12m_fen * 5 // 4, amount_fen // 40))
    words = f"近十二个月纳税额低于该金额所需的 {floor // WAN} 万元，可降低金额后再申请。"
    return (_said("D1", words, "tax.paid_12m_fen", LT, floor),)


def _of_sales(firm: Firm, amount_fen: int) -> Sequence[Said]:
    found = []
    if firm.void_ppm > 60_000:
        words = "近十二个月作废发票占比偏高，说明原因或占比回落后可再申请。"
        found.append(_said("C2", words, "invoices.void_share_ppm", GE, 50_000))
    return found


def too_small(firm: Firm) -> Said:
    floor = _round_up(firm.turnover_12m_fen * 8 // 5)
    words = f"近十二个月开票收入低于该金额所需的 {floor // WAN} 万元，可降低金额后再申请。"
    return _said("C2", words, "invoices.turnover_12m_fen", LT, floor)


def _round_up(fen: int) -> int:
    """To whole ten-thousands of yuan."""
    return -(-fen // WAN) * WAN
