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
from app.kernel.money import FEN_PER_WAN
from app.market import limits
from app.market.orders.pages import words
from app.market.orders.pages.answers import QUESTIONS, STEPS, Answers, read_answers
from app.market.orders.pages.kinds import kinds_of
from app.market.orders.rules.facts import Bounds
from app.market.orders.service.bounds import bounds_on
from app.market.orders.service.postings import Match, match
from app.web.deps import Given
from app.web.pages import page

FIRM: Final = {"roles": (SeatRole.BUSINESS,)}
NEW: Final = "/my/orders/new"
QUICK_WAN: Final = (10, 30, 50, 100)  # One tap, where the firm has no estimate to begin with.


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
    districts, bounds = await districts_on(tx, on), await bounds_on(tx, on)
    answers = await answers_of(tx, seat, request)
    asked = request.query_params.get("ask")
    question = asked if asked in QUESTIONS else answers.open_question
    if question is None:
        return await _show_banks(tx, seat, request, answers, districts, bounds)
    field = QUESTIONS[question]
    highest = await _highest(tx, seat) if question == "amount" else None
    return page(
        request,
        "orders/firm_question.html",
        question=question,
        field=field,
        step=_step(question),
        steps=len(STEPS),
        value=answers.values.get(field, ""),
        fault=answers.faults.get(field, "") if asked is None or field in answers.faults else "",
        hidden=answers.hidden(without=field),
        back_url=_back(answers, question),
        options=_options(question, bounds, on, answers),
        districts=districts,
        has_loan=any(one.bank for one in answers.kinds),
        reserves=bounds.reserves_max,
        quick=_quick(highest, bounds) if question == "amount" else (),
        highest=highest,
    )


def _step(question: str) -> int:
    """Where a question stands on the whole way; what is asked only when wanted otherwise stands with the check."""
    if question == "kind":
        return 1
    return STEPS.index(question if question in STEPS else "check") + 1


def _options(question: str, bounds: Bounds, on: date, answers: Answers) -> Sequence[tuple[str, object]]:
    """(value, what its words need) of a question that offers choices."""
    match question:
        case "kind":
            return [(one.value, one) for one in answers.kinds]
        case "term":
            return [(str(months), months) for months in bounds.term_months]
        case "purpose":
            return list(words.PURPOSES.items())
        case "collateral":
            return list(words.COLLATERAL.items())
        case "until":
            return [(str(days), (days, on + timedelta(days=days))) for days in bounds.until_days]
        case "places":
            return [(str(n), n) for n in range(1, bounds.places_max + 1)]
        case _:
            return []


def _quick(highest_fen: int | None, bounds: Bounds) -> list[int]:
    """Sums in 万元 to be had with one tap: the highest estimate, its half and its quarter, else round ones."""
    top = (highest_fen or 0) // FEN_PER_WAN
    sums = {top, top // 2, top // 4} if top >= 4 else set(QUICK_WAN)
    return sorted(one for one in sums if bounds.amount_min_fen <= one * FEN_PER_WAN <= bounds.amount_max_fen)


async def _show_banks(
    tx: ReadTx, seat: Seat, request: Request[Any, Any, Any], answers: Answers, districts: Mapping[str, str],
    bounds: Bounds,
) -> Response[str]:  # fmt: skip
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
        back_url=ask_again(answers, "collateral"),
        step=_step("check"),
        steps=len(STEPS),
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


async def answers_of(
    tx: ReadTx, seat: Seat, request: Request[Any, Any, Any], sent: Mapping[str, str] | None = None
) -> Answers:
    """What the firm has answered so far: in the address, or in `sent`."""
    on = shanghai_date(tx.now)
    firm = await orgs.get_org(tx, seat.org_id)
    home = "" if firm.subject_id is None else (await subjects.get(tx, firm.subject_id)).district_code or ""
    found = request.query_params if sent is None else sent
    return read_answers(found, await districts_on(tx, on), await bounds_on(tx, on), home, await kinds_of(tx, seat))


async def districts_on(tx: ReadTx, on: date) -> dict[str, str]:
    """The divisions of a day, by code."""
    found = (await subjects.read_gazetteer(tx)).in_force(on)
    return {one.code: one.name for one in sorted(found, key=lambda one: one.code)}


def ask_again(answers: Answers, question: str) -> str:
    """The address that asks one question again, with everything answered so far."""
    return f"{NEW}?{urlencode([*answers.hidden(), ('ask', question)])}"


def _back(answers: Answers, question: str) -> str:
    """The question before, the answers for one that was asked again from there, the estimates before the first."""
    if question == "kind":
        return "/my"
    if question not in STEPS:
        return f"{NEW}?{urlencode(answers.hidden())}" if answers.open_question is None else ask_again(answers, STEPS[3])
    before = STEPS[: STEPS.index(question)]
    if before:
        return ask_again(answers, before[-1])
    return ask_again(answers, "kind") if answers.is_typed else "/my/estimates"


async def _highest(tx: ReadTx, seat: Seat) -> int | None:
    """The firm's highest estimate in force, so that the amount is asked beside it."""
    return max((card.amount_fen for card in await limits.latest(tx, seat.org_id, now=tx.now)), default=0) or None
