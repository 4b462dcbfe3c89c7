"""One question a screen, then all answers to check beside the banks that can take the need."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get

from app.access import orgs
from app.access.seats import Seat, SeatRole
from app.credit import subjects
from app.infra.db import ReadTx
from app.kernel.clock import shanghai_date
from app.market import limits
from app.market.orders.pages import words
from app.market.orders.pages.answers import QUESTIONS, Answers, read_answers
from app.market.orders.rules.facts import Bounds
from app.market.orders.service.bounds import bounds_on
from app.market.orders.service.postings import Match, match
from app.web.deps import Given
from app.web.pages import page

FIRM: Final = {"roles": (SeatRole.BUSINESS,)}
NEW: Final = "/my/orders/new"


@dataclass(frozen=True, slots=True)
class BankChoice:
    """A bank that can take the need: its matches best first, and the firm's estimate for the best one, if any."""

    rank: int
    matches: Sequence[Match]
    estimate: limits.Estimate | None
    is_ticked: bool = False

    @property
    def best(self) -> Match:
        return self.matches[0]

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(key_of(one) for one in self.matches)

    def ticked(self, chosen: Set[str], places: int) -> "BankChoice":
        """As it was chosen before; at first the best ranked, as many as may work at once."""
        return replace(self, is_ticked=bool(chosen & self.keys) if chosen else self.rank <= places)


@get(NEW, opt=FIRM, include_in_schema=False)
async def show_question(tx: Given[ReadTx], seat: Given[Seat], request: Request[Any, Any, Any]) -> Response[str]:
    """The first open question, or the one named by `ask`; with none open: the answers and the banks."""
    on = shanghai_date(tx.now)
    districts = await districts_on(tx, on)
    bounds = await bounds_on(tx, on)
    answers = read_answers(request.query_params, districts, bounds)
    asked = request.query_params.get("ask")
    question = asked if asked in QUESTIONS else answers.open_question
    if question is None:
        return await _show_banks(tx, seat, request, answers, districts, bounds)
    names = QUESTIONS[question]
    return page(
        request,
        "orders/firm_question.html",
        question=question,
        step=list(QUESTIONS).index(question) + 1,
        steps=len(QUESTIONS),
        values=await _suggested(tx, seat, question, answers, bounds),
        faults=answers.faults if asked is None else {},
        hidden=answers.hidden(without=names),
        back_url=_back(answers, question),
        terms=bounds.term_months,
        purposes=words.PURPOSES,
        collateral=words.COLLATERAL,
        districts=districts,
        until=[(days, on + timedelta(days=days)) for days in bounds.until_days],
        places=range(1, bounds.places_max + 1),
        reserves=bounds.reserves_max,
        highest=await _highest(tx, seat) if question == "amount" else None,
    )


async def _show_banks(
    tx: ReadTx,
    seat: Seat,
    request: Request[Any, Any, Any],
    answers: Answers,
    districts: Mapping[str, str],
    bounds: Bounds,
) -> Response[str]:
    draft = answers.draft(shanghai_date(tx.now))
    chosen = set(request.query_params.getall("pick", []))
    choices = [choice.ticked(chosen, draft.places) for choice in await find_choices(tx, seat, answers)]
    return page(
        request,
        "orders/firm_banks.html",
        answers=answers,
        draft=draft,
        district=districts.get(draft.district_code or "", ""),
        choices=choices,
        change={name: ask_again(answers, name) for name in QUESTIONS},
        most=draft.places + bounds.reserves_max,
        chosen=chosen,
        key_of=key_of,
        fault=request.query_params.get("fault", ""),
        words=words,
    )


async def find_choices(tx: ReadTx, seat: Seat, answers: Answers) -> list[BankChoice]:
    """The banks that can take the need, in the order of the ranking; several products of one bank stay together."""
    found = await match(tx, answers.draft(shanghai_date(tx.now)), now=tx.now)
    cards = {card.product_id: card for card in await limits.latest(tx, seat.org_id, now=tx.now)}
    by_bank: dict[UUID, list[Match]] = {}
    for one in found:
        by_bank.setdefault(one.ranked.candidate.bank_id, []).append(one)
    return [
        BankChoice(rank, ones, cards.get(ones[0].ranked.candidate.product_id))
        for rank, ones in enumerate(by_bank.values(), 1)
    ]


def key_of(one: Match) -> str:
    """How a form names a branch with its product."""
    return f"{one.ranked.candidate.branch_id}:{one.ranked.candidate.product_id}"


async def districts_on(tx: ReadTx, on: date) -> dict[str, str]:
    """The divisions of a day, by code."""
    found = (await subjects.read_gazetteer(tx)).in_force(on)
    return {one.code: one.name for one in sorted(found, key=lambda one: one.code)}


def ask_again(answers: Answers, question: str) -> str:
    """The address that asks one question again, with everything answered so far."""
    return f"{NEW}?{urlencode([*answers.hidden(), ('ask', question)])}"


def _back(answers: Answers, question: str) -> str:
    before = list(QUESTIONS)[: list(QUESTIONS).index(question)]
    return ask_again(answers, before[-1]) if before else "/my/estimates"


async def _suggested(tx: ReadTx, seat: Seat, question: str, answers: Answers, bounds: Bounds) -> dict[str, str]:
    """What stands in the fields at first: the firm's own district, no security, a month, two banks."""
    values: dict[str, str] = {"collateral": "none", "until_days": str(bounds.until_days_suggested),
        "places": str(bounds.places_suggested),
    }  # fmt: skip
    if question == "security" and "district" not in answers.values:
        firm = await orgs.get_org(tx, seat.org_id)
        if firm.subject_id is not None:
            values["district"] = (await subjects.get(tx, firm.subject_id)).district_code or ""
    return values | dict(answers.values)


async def _highest(tx: ReadTx, seat: Seat) -> int | None:
    """The firm's highest estimate in force, so that the amount is asked beside it."""
    return max((card.amount_fen for card in await limits.latest(tx, seat.org_id, now=tx.now)), default=0) or None
