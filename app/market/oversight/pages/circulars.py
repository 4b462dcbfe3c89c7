"""Circulars: the list, one with the banks that it names, a new one, and its publishing by a second person."""

from datetime import date, datetime, timedelta
from typing import Annotated, Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from pydantic import Field

from app.access import orgs
from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market.oversight.pages import words
from app.market.oversight.pages.desk import SEE, Asked
from app.market.oversight.rules import circulars as rules
from app.market.oversight.rules.circulars import Act, State
from app.market.oversight.service import circulars, naming
from app.market.oversight.service.circulars import Draft
from app.office import proposals
from app.web.body import Form, Posted, text
from app.web.deps import Given
from app.web.i18n import _
from app.web.idempotency import once
from app.web.pages import page, see_other
from app.web.paging import read_page

URL: Final = "/oversight/circulars"
DRAFTS: Final = "/oversight/circular-drafts"
WRITE: Final = {"roles": (SeatRole.REGULATOR,)}
ACT: Final = {"roles": (SeatRole.REGULATOR, SeatRole.BANK_ADMIN)}
MONTHS: Final = 12


class DraftForm(Form):
    title: Annotated[str, text(circulars.TITLE_MAX)]
    said: Annotated[str, text(circulars.SAID_MAX)]
    measure: Annotated[str, text(60)]
    month: Annotated[str, text(7, 7)]
    who: Annotated[list[UUID], Field(max_length=circulars.BANKS_MAX, default_factory=list)]
    rectify_by_on: date
    to_all: Annotated[str, text(1, 0)] = ""
    refers_to: UUID | None = None


class VerdictForm(Form):
    verdict: Literal["publish", "reject"]
    said: Annotated[str, text(500, 0)] = ""


class NamedForm(Form):
    act: Act
    said: Annotated[str, text(2000, 0)] = ""


@get(URL, opt=SEE, include_in_schema=False)
async def show_circulars(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """Published circulars, the newest first, each with how much of it is put right."""
    asked = read_page(request, orders=("published_at",))
    after = (datetime.fromisoformat(str(asked.after[0])), UUID(str(asked.after[1]))) if asked.after else None
    found = await circulars.find(tx, after=after, limit=asked.limit)
    place = (found[-1]["published_at"].isoformat(), str(found[-1]["circular_id"])) if found else ("", "")
    cursor = asked.next_cursor(found, place) if found else None
    today, regulator = shanghai_date(tx.now), seat.role is SeatRole.REGULATOR
    return page(
        request, "oversight/circulars.html", circulars=found, words=words, measures=circulars.measures(),
        next_url=f"{URL}?{urlencode({'cursor': cursor})}" if cursor else "", regulator=regulator, State=State,
        drafts=await circulars.drafts(tx, by=seat) if regulator else (), number_of=words.number_of,
        put_right=rules.rectified(await circulars.states(tx), today), goal=await circulars.read_rules(tx, today),
    )  # fmt: skip


@get(URL + "/{circular_id:uuid}", opt=SEE, include_in_schema=False)
async def show_circular(
    circular_id: FromPath[UUID], tx: Given[ReadTx], seat: Given[Seat], request: Asked
) -> Response[str]:
    """One as it was published, with its fingerprint, and each named bank's answer that the seat may see."""
    found = await circulars.get(tx, circular_id)
    today = shanghai_date(tx.now)
    states = [(State(row["state"]), row["rectify_by_on"]) for row in found.named]
    return page(
        request, "oversight/circular.html", circular=found, document=found.document, words=words, State=State,
        names=await naming.names_for(tx, seat), measures=circulars.measures(), number_of=words.number_of, today=today,
        regulator=seat.role is SeatRole.REGULATOR, mine=seat.org_id if seat.role is SeatRole.BANK_ADMIN else None,
        put_right=rules.rectified(states, today), goal=await circulars.read_rules(tx, today),
        whole=rules.fingerprint(found.record["document"]) == found.record["sha256"],
        referred=await circulars.get(tx, found.document.refers_to) if found.document.refers_to else None,
    )  # fmt: skip


@post(URL + "/{circular_id:uuid}/banks/{bank_id:uuid}/acts", opt=ACT, include_in_schema=False)
async def submit_named_act(
    circular_id: FromPath[UUID], bank_id: FromPath[UUID], data: Posted[NamedForm], tx: Given[Tx], seat: Given[Seat],
    request: Asked,
) -> Response[bytes]:  # fmt: skip
    """A named bank answers; a regulator accepts or returns."""

    async def act() -> UUID:
        await circulars.act(tx, circular_id, bank_id, data.act, data.said, by=seat, now=tx.now)
        return circular_id

    await once(request, tx, act)
    return see_other(request, f"{URL}/{circular_id}", flash=_("已记录。"))


@get(f"{DRAFTS}/new", opt=WRITE, include_in_schema=False)
async def show_new(tx: Given[ReadTx], request: Asked) -> Response[str]:
    """The form of a circular; `who`, `measure`, `month` and `refers_to` may come with the address."""
    read_page(request, orders=("at",), filters=frozenset({"who", "measure", "month", "refers_to"}))
    today = shanghai_date(tx.now)
    limits = await circulars.read_rules(tx, today)
    query = request.query_params
    asked = [_uuid(one, "who") for one in query.getall("who", [])]
    chosen = await circulars.find_who(tx, asked) if asked else ()
    return page(
        request, "oversight/circular_new.html", measures=sorted(circulars.measures().items(), key=lambda one: one[1]),
        months=months_until(today, MONTHS), banks=await circulars.banks(tx),
        chosen={one.branch_id or one.bank_id for one in chosen},
        branches=[one for one in chosen if one.branch_id is not None], first=today + timedelta(days=limits.days_min),
        last=today + timedelta(days=limits.days_max), measure=query.get("measure", "")[:60],
        month=query.get("month", "")[:7], refers_to=query.get("refers_to", "")[:36],
    )  # fmt: skip


def _uuid(typed: str, name: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError:
        raise Refusal("bad-query", parameter=name) from None


def months_until(today: date, count: int) -> list[str]:
    """The months that have begun, the newest first.

    >>> months_until(date(2026, 2, 3), 3)
    ['2026-02', '2026-01', '2025-12']
    """
    serial = today.year * 12 + today.month - 1
    return [f"{(serial - n) // 12}-{(serial - n) % 12 + 1:02d}" for n in range(count)]


@post(DRAFTS, opt=WRITE, include_in_schema=False)
async def submit_draft(data: Posted[DraftForm], tx: Given[Tx], seat: Given[Seat], request: Asked) -> Response[bytes]:
    """Freeze the figures of now, and lay the circular before a second person."""
    try:
        month = date.fromisoformat(f"{data.month}-01")
    except ValueError:
        raise Refusal("malformed-field", pointer="/month") from None

    async def lay() -> UUID:
        draft = Draft(
            data.title, data.said, data.measure, month, await circulars.find_who(tx, data.who), data.rectify_by_on,
            bool(data.to_all), data.refers_to,
        )  # fmt: skip
        return (await circulars.propose(tx, draft, by=seat, now=tx.now)).proposal_id

    proposal_id = await once(request, tx, lay)
    return see_other(request, f"{DRAFTS}/{proposal_id}", flash=_("已提交，等另一人核对并发布。"))


@get(DRAFTS + "/{proposal_id:uuid}", opt=WRITE, include_in_schema=False)
async def show_draft(
    proposal_id: FromPath[UUID], tx: Given[ReadTx], seat: Given[Seat], request: Asked
) -> Response[str]:
    """What would be published, exactly, and the second person's two answers."""
    proposal = await circulars.get_draft(tx, proposal_id, by=seat)
    kept = dict(proposal.body)
    people = await orgs.names_of_colleagues(tx, [proposal.made_by])
    return page(
        request, "oversight/circular_draft.html", proposal=proposal, document=rules.read(kept), words=words,
        measures=circulars.measures(), names=await naming.names_for(tx, seat), sha256=rules.fingerprint(kept),
        maker=people.get(proposal.made_by, ""), is_maker=proposal.made_by == seat.person_id,
    )  # fmt: skip


@post(DRAFTS + "/{proposal_id:uuid}/verdict", opt=WRITE, include_in_schema=False)
async def submit_verdict(
    proposal_id: FromPath[UUID], data: Posted[VerdictForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Publish it, or send it back to who wrote it."""
    proposal = await circulars.get_draft(tx, proposal_id, by=seat)

    async def answer() -> UUID:
        if data.verdict == "publish":
            await proposals.approve(tx, proposal_id, by=seat, now=tx.now)
        else:
            await proposals.reject(tx, proposal_id, data.said, by=seat, now=tx.now)
        return proposal.case_id

    await once(request, tx, answer)
    if data.verdict == "publish":
        return see_other(request, f"{URL}/{proposal.case_id}", flash=_("通报已发布，不能再改；更正须另发通报。"))
    return see_other(request, URL, flash=_("已退回给拟稿人。"))
