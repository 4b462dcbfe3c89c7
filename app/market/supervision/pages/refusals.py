"""Refusals that supervision should look at: tried without evidence, without substance, or copied from another firm."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get

from app.access.seats import SeatRole
from app.infra.db import ReadTx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market import reasons
from app.market.supervision import service
from app.market.supervision.pages.words import FLAG_WORDS
from app.web.deps import Given
from app.web.i18n import N_, _, language
from app.web.pages import page
from app.web.paging import read_page

FlagKind: TypeAlias = reasons.flags.FlagKind
Counts: TypeAlias = Mapping[tuple[UUID, UUID], Mapping[FlagKind, int]]
URL: Final = "/supervision/refusals"
RECENT: Final = timedelta(days=30)
FLAG_NOTES: Final[Mapping[str, str]] = {
    "contradicted": N_("据以拒单的信息项与所述不符，平台未予受理。"),
    "empty": N_("说明对任何企业都成立，平台未予受理。"),
    "leaks": N_("说明含模型评分、征信内容或个人号码，平台未予受理，原文不留存。"),
    "no_word": N_("称企业自己放弃，而企业没有这样说过，平台未予受理。"),
    "copied": N_("拒单已成立，但说明与同一网点对另一家企业的说明几乎相同。"),
}  # fmt: skip


@get(URL, opt={"roles": (SeatRole.REGULATOR,)}, include_in_schema=False)
async def show_refusals(request: Request[Any, Any, Any], tx: Given[ReadTx]) -> Response[str]:
    """Newest first; by kind and by branch."""
    part = read_page(request, orders=("at",), filters=frozenset({"kind", "branch"}))
    query = {name: value for name, value in request.query_params.items() if name in ("kind", "branch")}
    kind, branch_id = _kind(query.get("kind", "")), _branch(query.get("branch", ""))
    before = (datetime.fromisoformat(str(part.after[0])), UUID(str(part.after[1]))) if part.after else None
    found = await reasons.flags.read(tx, kind=kind, branch_id=branch_id, before=before, limit=part.limit)
    counts = await reasons.flags.count(tx, tx.now - RECENT)
    tree = await reasons.tree_in_force(tx, shanghai_date(tx.now))
    cursor = part.next_cursor(found, (found[-1].at.isoformat(), str(found[-1].flag_id))) if found else None
    return page(
        request, "supervision/refusals.html", flags=found, names=await service.read_names(tx), words=FLAG_WORDS,
        notes=FLAG_NOTES, kind=kind, branch_id=branch_id, chips=_chips(counts, kind, query),
        branches=sorted(counts.items(), key=lambda one: (-sum(one[1].values()), one[0])), kinds=list(FlagKind),
        days=RECENT.days, total=sum(sum(one.values()) for one in counts.values()),
        titles={code: one.text_en if language() == "en" else one.text_zh for code, one in tree.reasons.items()},
        next_url=f"{URL}?{urlencode(query | {'cursor': cursor})}" if cursor else "",
    )  # fmt: skip


def _kind(asked: str) -> FlagKind | None:
    if asked not in ("", *FlagKind):
        raise Refusal("bad-query", parameter="kind", allowed=[one.value for one in FlagKind])
    return FlagKind(asked) if asked else None


def _branch(asked: str) -> UUID | None:
    try:
        return UUID(asked) if asked else None
    except ValueError:
        raise Refusal("bad-query", parameter="branch") from None


def _chips(counts: Counts, kind: FlagKind | None, query: Mapping[str, str]) -> list[tuple[str, str, int, bool]]:
    """A filter per kind that turns itself over, with how many there were lately."""
    chips = []
    for one in FlagKind:
        kept = {name: value for name, value in query.items() if name != "kind"}
        kept |= {} if one is kind else {"kind": one.value}
        many = sum(found.get(one, 0) for found in counts.values())
        chips.append((_(FLAG_WORDS[one]), f"{URL}?{urlencode(kept)}" if kept else URL, many, one is kind))
    return chips
