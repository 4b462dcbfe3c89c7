"""How changes of pools and lists are told to the second person: from what, to what, and what stays."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from app.credit import subjects
from app.infra.db import ReadTx
from app.kernel.clock import shanghai_date
from app.market.parties.rules import PublishedList
from app.market.parties.service import changes, pools, shelf
from app.office import proposals
from app.office.proposals import Change, Described, Line, Proposal, ProposalState
from app.web import i18n
from app.web.i18n import N_, _

TITLES: Final = {
    changes.POOL_RAISE: N_("调增额度池"), changes.POOL_LOWER: N_("调减额度池"), changes.POOL_THAW: N_("解冻额度池"),
}  # fmt: skip
LISTS_TOLD: Final = 12  # Of a change of many lists so many are named; the page of the change shows all.
# The words of an order's codes; those of the orders' own pages are the same, which a test watches.
WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "purposes": {
        "working_capital": N_("日常周转（进货、工资、租金）"), "equipment": N_("购置设备"),
        "renovation": N_("装修改造"), "expansion": N_("扩大经营"), "agriculture": N_("农业生产"),
    },
    "collateral": {
        "none": N_("没有抵押或担保"), "property": N_("房产抵押"), "equipment": N_("设备抵押"),
        "receivables": N_("应收账款质押"), "guarantee": N_("第三方保证"),
    },
}  # fmt: skip
LIST_LINES: Final = (
    ("amount_min_fen", N_("最低金额"), "fen"), ("ceiling_fen", N_("授权上限"), "fen"),
    ("approval_level_fen", N_("审批限额"), "fen"), ("term_months_max", N_("最长期限"), "months"),
    ("rate_min_ppm", N_("最低利率"), "ppm"), ("rate_max_ppm", N_("最高利率"), "ppm"),
    ("purposes", N_("限定用途"), "text"), ("collateral", N_("限定担保方式"), "text"),
    ("districts", N_("限定区县"), "text"), ("materials", N_("要求的材料"), "text"),
    ("two_person_reasons", N_("须两人同意的原因"), "text"), ("valid_to", N_("失效日"), "text"),
)  # fmt: skip


async def tell_opening(tx: ReadTx, proposal: Proposal) -> Described:
    """A pool where there was none."""
    body = dict(proposal.body)
    where = await _where(tx, UUID(body["branch_id"]), UUID(body["product_id"]))
    lines = (
        Line(N_("季度"), _quarter(date.fromisoformat(body["quarter"]))), Line(N_("额度"), body["cap_fen"], "fen"),
        Line(N_("事由"), body["why"]),
    )  # fmt: skip
    return Described(N_("设立额度池"), lines, "/bank/pools", where, link=N_("查看额度池"))


async def tell_change(tx: ReadTx, proposal: Proposal) -> Described:
    """A pool's cap, or its freeze. Once it is answered the pool has gone on, so only the amount is told."""
    pool, body = await pools.get_pool(tx, proposal.case_id), dict(proposal.body)
    where = await _where(tx, pool.branch_id, pool.product_id)
    lines = [Line(N_("季度"), _quarter(pool.quarter))]
    amount_fen = int(body.get("amount_fen", 0)) * (-1 if proposal.kind == changes.POOL_LOWER else 1)
    differs: tuple[Change, ...] = ()
    if proposal.state is not ProposalState.OPEN:
        lines += [Line(N_("变动"), amount_fen, "fen")] if amount_fen else []
    elif proposal.kind == changes.POOL_THAW:
        differs = (Change(N_("新的占用"), N_("已冻结，不能占用"), N_("可以占用"), "words"),)
    else:
        cap_fen, used_fen = pool.cap_fen + amount_fen, pool.held_fen + pool.posted_fen
        differs = (
            Change(N_("本季额度"), pool.cap_fen, cap_fen, "fen"),
            Change(N_("余额"), pool.cap_fen - used_fen, cap_fen - used_fen, "fen"),
        )
        lines += [Line(N_("已占用"), pool.held_fen, "fen"), Line(N_("已放款"), pool.posted_fen, "fen")]
        if cap_fen < used_fen:
            lines.append(Line(N_("提示"), N_("改后低于已占用和已放款之和，现在不能生效。"), "words"))
    return Described(
        TITLES[proposal.kind], (*lines, Line(N_("事由"), body["why"])), f"/bank/pools/{pool.pool_id}", where,
        differs, link=N_("查看额度池"),
    )  # fmt: skip


async def tell_list(tx: ReadTx, proposal: Proposal) -> Described:
    """A new version of a list: while it waits, where it differs from what is in force; what stays comes after."""
    body = dict(proposal.body)
    branch_id, product_id = UUID(body["branch_id"]), UUID(body["product_id"])
    where = await _where(tx, branch_id, product_id)
    old: PublishedList | None = None
    if proposal.state is ProposalState.OPEN:
        old = await shelf.list_in_force(tx, branch_id, product_id, shanghai_date(tx.now))
    on = shanghai_date(tx.now)
    pairs = [
        (label, None if old is None else await plain_value(tx, name, getattr(old, name), on),
         await plain_value(tx, name, body.get(name), on), unit)
        for name, label, unit in LIST_LINES
    ]  # fmt: skip
    differs = [Change(*one) for one in pairs if old is not None and one[1] != one[2]]
    stays = [Line(label, after, unit) for label, before, after, unit in pairs if old is None or before == after]
    lines = (Line(N_("生效日"), body["valid_from"]), *(one for one in stays if one.value is not None))
    return Described(N_("发布产品清单"), lines, "/bank/lists", where, tuple(differs), link=N_("查看产品清单"))


async def tell_lists(tx: ReadTx, proposal: Proposal) -> Described:
    """How many lists, and the first of them; every difference stands on a page of its own."""
    rows = changes.lists_in(proposal).rows
    first = min(one.valid_from for one in rows)
    lines = [Line(N_("清单份数"), len(rows), "count"), Line(N_("最早生效日"), first.isoformat())]
    named = [await _where(tx, one.branch_id, one.product_id) for one in rows[:LISTS_TOLD]]
    lines += [Line(N_("清单"), one) for one in named]
    if len(rows) > LISTS_TOLD:
        lines.append(Line(N_("另有份数"), len(rows) - LISTS_TOLD, "count"))
    return Described(
        N_("批量发布产品清单"), tuple(lines), f"/bank/lists/changes/{proposal.proposal_id}",
        _("%(n)s 份清单") % {"n": len(rows)}, link=N_("查看全部改动")
    )  # fmt: skip


async def plain_value(tx: ReadTx, name: str, value: Any, on: date) -> Any:
    """A value of a list as one thing that can be compared and shown: several in a fixed order, codes in words; None
    where none is."""
    if isinstance(value, Iterable) and not isinstance(value, str):
        said = [await _worded(tx, name, str(one), on) for one in sorted(map(str, value))]
        return _("、").join(said) or None
    return value if value is None or isinstance(value, int) else str(value)


async def _worded(tx: ReadTx, name: str, code: str, on: date) -> str:
    if name == "districts":
        return await subjects.district_name(tx, code, on) or code
    return _(WORDS.get(name, {}).get(code, code))


async def _where(tx: ReadTx, branch_id: UUID, product_id: UUID) -> str:
    branch, product = await shelf.get_branch(tx, branch_id), await shelf.get_product(tx, product_id)
    return f"{branch.name} · {product.name_en if i18n.language() == 'en' else product.name}"


def _quarter(first: date) -> str:
    return _("{year} 年第 {n} 季度").format(year=first.year, n=first.month // 3 + 1)


proposals.describe_by(changes.POOL_OPEN, tell_opening)
for _kind in TITLES:
    proposals.describe_by(_kind, tell_change)
proposals.describe_by(changes.LIST_PUBLISH, tell_list)
proposals.describe_by(changes.LISTS_PUBLISH, tell_lists)
