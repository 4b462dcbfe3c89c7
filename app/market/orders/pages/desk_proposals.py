"""How a refusal and an offer that wait for a second person are told to it."""

from collections.abc import Mapping
from typing import Any, Final

from app.credit import catalogue, subjects
from app.infra.db import ReadTx
from app.kernel.clock import shanghai_date
from app.market import parties, reasons
from app.market.orders.pages import desk_words, words
from app.market.orders.pages.desk_evidence import unit_of
from app.market.orders.service import decisions, reading
from app.market.orders.service.reading import SuborderView
from app.office import proposals
from app.office.proposals import Change, Described, Line, Proposal
from app.web import formats, i18n
from app.web.i18n import N_, _

LINK: Final = N_("查看分单")
WORDED: Final = {"order.purpose": words.PURPOSES, "order.collateral": words.COLLATERAL}
SIDES: Final = (N_("企业申请"), N_("授信方案"))


async def tell_offer(tx: ReadTx, proposal: Proposal) -> Described:
    """What the firm asked for and what it would be offered, what that costs, and by how much it passes the level."""
    body: dict[str, Any] = dict(proposal.body)
    on = shanghai_date(proposal.made_at)
    price = decisions.price_of(body, on)
    view = await reading.get_suborder(tx, proposal.case_id)
    row, firm = view.suborder, await firm_of(tx, view)
    lines = [
        Line(N_("年利率"), body["rate_ppm"], "ppm"),
        Line(N_("还款方式"), words.words(words.REPAYMENTS, body["repayment"]), "words"),
        Line(N_("有效期（工作日）"), body["valid_workdays"], "count"),
        *(Line(N_("费用"), f"{name} {_money(amount_fen)}") for name, amount_fen, _months in body["fees"]),
        Line(N_("总成本（利息加费用）"), price.total_cost_fen, "fen"), Line(N_("年化综合成本"), price.apr_ppm, "ppm"),
    ]  # fmt: skip
    entry = await parties.shelf.list_in_force(tx, row["branch_id"], row["product_id"], on)
    if entry is not None and body["amount_fen"] > entry.approval_level_fen:
        over_fen = body["amount_fen"] - entry.approval_level_fen
        lines += [Line(N_("审批限额"), entry.approval_level_fen, "fen"), Line(N_("超出限额"), over_fen, "fen")]
    asked = (
        Change(N_("金额"), row["amount_fen"], body["amount_fen"], "fen"),
        Change(N_("期限"), row["term_months"], body["term_months"], "months"),
    )
    name = _("{firm}，{sum}").format(firm=firm, sum=_money(body["amount_fen"]))
    return Described(
        N_("超过审批限额的授信方案"), tuple(lines), url_of(proposal), name, asked, link=LINK, sides=SIDES
    )  # fmt: skip


async def tell_refusal(tx: ReadTx, proposal: Proposal) -> Described:
    """Whom it refuses, why, in which words, and what it claims of which item."""
    tree = await reasons.tree_in_force(tx, shanghai_date(proposal.made_at))
    code = proposal.body["code"]
    reason = tree.reasons.get(code)
    said = "" if reason is None else reason.text_en if i18n.language() == "en" else reason.text_zh
    view = await reading.get_suborder(tx, proposal.case_id)
    firm = await firm_of(tx, view)
    lines = [
        Line(N_("申请金额"), view.suborder["amount_fen"], "fen"),
        Line(N_("拒单的原因"), f"{code} {said}".strip()), Line(N_("给企业的说明"), proposal.body["words"]),
        *await _claimed(tx, proposal),
    ]  # fmt: skip
    return Described(N_("须两人同意的拒单"), tuple(lines), url_of(proposal), firm, link=LINK)


async def _claimed(tx: ReadTx, proposal: Proposal) -> list[Line]:
    """The item that the refusal points at, and what it says of it."""
    claim: Mapping[str, Any] | None = proposal.body["claim"]
    if claim is None:
        return []
    path, value = claim["path"], claim["value"]
    edition = await catalogue.edition_on(tx, shanghai_date(proposal.made_at))
    found = edition.figure(path)
    title, unit = (_(found[1].title), found[1].unit) if found else (desk_words.owned(path), unit_of(path))
    if path in WORDED:
        value = _(words.words(WORDED[path], str(value)))
    said = _(desk_words.COMPARISONS[reasons.Comparison(claim["comparison"])])
    shown = "" if value is None else formats.figure(value, unit, i18n.language())
    return [Line(N_("核对的信息项"), title), Line(N_("本行的说法"), f"{said} {shown}".strip())]


async def firm_of(tx: ReadTx, view: SuborderView) -> str:
    subject_id = view.suborder["subject_id"]
    return (await subjects.names_of(tx, [subject_id])).get(subject_id, "")


def _money(fen: int) -> str:
    return formats.money_text(fen, i18n.language())


def url_of(proposal: Proposal) -> str:
    return f"/desk/suborders/{proposal.case_id}"


proposals.describe_by(decisions.OFFER, tell_offer)
proposals.describe_by(decisions.REFUSAL, tell_refusal)
