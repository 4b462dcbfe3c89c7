"""How a refusal and an offer that wait for a second person are told to it."""

from typing import Any

from app.credit import subjects
from app.infra.db import ReadTx
from app.kernel.clock import shanghai_date
from app.market import reasons
from app.market.orders.pages import words
from app.market.orders.service import decisions, reading
from app.office import proposals
from app.office.proposals import Described, Line, Proposal
from app.web import i18n
from app.web.i18n import N_


async def _firm(tx: ReadTx, proposal: Proposal) -> Line:
    view = await reading.get_suborder(tx, proposal.case_id)
    names = await subjects.names_of(tx, [view.suborder["subject_id"]])
    return Line(N_("企业"), names.get(view.suborder["subject_id"], ""))


async def tell_offer(tx: ReadTx, proposal: Proposal) -> Described:
    body: dict[str, Any] = dict(proposal.body)
    price = decisions.price_of(body, shanghai_date(proposal.made_at))
    lines = [
        await _firm(tx, proposal),
        Line(N_("金额"), body["amount_fen"], "fen"), Line(N_("年利率"), body["rate_ppm"], "ppm"),
        Line(N_("期限"), body["term_months"], "months"),
        Line(N_("还款方式"), words.words(words.REPAYMENTS, body["repayment"]), "words"),
        Line(N_("有效期（工作日）"), body["valid_workdays"], "count"),
        Line(N_("总成本（利息加费用）"), price.total_cost_fen, "fen"), Line(N_("年化综合成本"), price.apr_ppm, "ppm"),
        *(Line(name, amount_fen, "fen") for name, amount_fen, _months in body["fees"]),
    ]  # fmt: skip
    return Described(N_("超过审批限额的方案"), tuple(lines), f"/desk/suborders/{proposal.case_id}")


async def tell_refusal(tx: ReadTx, proposal: Proposal) -> Described:
    tree = await reasons.tree_in_force(tx, shanghai_date(proposal.made_at))
    reason = tree.reasons.get(proposal.body["code"])
    english = i18n.language() == "en"
    said = proposal.body["code"] if reason is None else reason.text_en if english else reason.text_zh
    lines = (
        await _firm(tx, proposal), Line(N_("拒绝理由"), said, "words"), Line(N_("给企业的说明"), proposal.body["words"])
    )  # fmt: skip
    return Described(N_("须两人同意的拒绝"), lines, f"/desk/suborders/{proposal.case_id}")


proposals.describe_by(decisions.OFFER, tell_offer)
proposals.describe_by(decisions.REFUSAL, tell_refusal)
