"""What a firm sees of its orders: an overview, one order with its deadlines and offers, and the acts on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from app.access import orgs
from app.access.seats import Seat
from app.credit import consents
from app.infra.db import Database, ReadTx, Record, Role, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.workdays import workdays_between
from app.market import limits, packages, parties
from app.market.orders.pages import words
from app.market.orders.pages.answers import of_order
from app.market.orders.pages.wizard import FIRM, NEW
from app.market.orders.rules.states import BEFORE_SIGNING, TERMINAL, Act, State
from app.market.orders.service import acceptances, decisions, payments, reading, withdrawals
from app.market.orders.service.reading import OrderView, SuborderView
from app.office import clocks
from app.web import i18n
from app.web.body import Form, Posted, text
from app.web.deps import Given
from app.web.i18n import _
from app.web.idempotency import once
from app.web.pages import page, see_other

FIRM_ACTS: Final = {**FIRM, "db": Role.ACT}
Asked = Request[Any, Any, Any]
RECENT: Final = 20
AGREED_CLOCKS: Final = frozenset({"UNTIL", "DRAWS"})
HIDDEN_CLOCKS: Final = frozenset({"DELIVERY"})  # A promise between platform and bank.
DAY_CLASSES: Final[Mapping[str, str]] = {
    "counted": "counted", "make_up": "counted", "provisional": "counted", "paused": "paused",
}  # fmt: skip


class AnswerForm(Form):
    answer: Annotated[str, text(2000, 2)]


class ActForm(Form):
    """A button that acts, without a field."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A clock in the firm's words, with the strip of days behind its date."""

    title: str
    tone: str
    state: str
    clock: clocks.ClockState
    days: Sequence[tuple[date, str, str]]
    workdays_left: int | None = None  # Of a running clock; 0 on its last day.

    @property
    def counts_days(self) -> bool:
        """Whether the deadline follows from counting workdays; otherwise the day itself was agreed."""
        return self.clock.kind not in AGREED_CLOCKS

    @property
    def is_over(self) -> bool:
        """Kept, or no longer owed: of interest to who wants to look back."""
        return self.clock.state in ("met", "void")


@dataclass(frozen=True, slots=True)
class BankView:
    """One bank of an order: its place in the list, and its suborder once it was pushed."""

    listed: Record
    bank: parties.Bank
    branch: parties.Branch
    product: parties.Product
    part: SuborderView | None
    deadlines: Sequence[Deadline]
    consent: consents.Consent | None

    @property
    def may(self) -> frozenset[str]:
        return frozenset(act.value for act in self.part.allowed) if self.part else frozenset()

    @property
    def may_revoke(self) -> bool:
        """A consent ends with its suborder; before that, or while the bank is in reserve, it can be taken back."""
        if self.consent is None or self.consent.gated or self.consent.revoked_at is not None:
            return False
        return self.part is None or State(self.part.suborder["state"]) not in TERMINAL


@get("/my", opt=FIRM, include_in_schema=False)
async def show_home(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """The firm's own start: what waits for it, its orders, its estimates."""
    rows = await reading.list_orders(tx, seat.org_id, limit=RECENT)
    views = [await reading.get_order(tx, row["order_id"]) for row in rows]
    cards = await limits.latest(tx, seat.org_id, now=tx.now)
    return page(
        request,
        "orders/firm_home.html",
        firm=await orgs.get_org(tx, seat.org_id),
        orders=[(view, _waiting(view)) for view in views],
        highest=max((card.amount_fen for card in cards), default=None),
        words=words,
    )


@get("/my/orders/{order_id:uuid}", opt=FIRM, include_in_schema=False)
async def show_order(order_id: FromPath[UUID], tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """One order: where it stands, each deadline and why, papers, offers, refusals, who opened the data."""
    view = await reading.get_order(tx, order_id)
    if view.order["business_id"] != seat.org_id:
        raise Refusal("not-found")
    banks = await _banks(tx, view)
    return page(
        request,
        "orders/firm_order.html",
        view=view,
        order=view.order,
        banks=banks,
        stages=_stages(view, banks),
        offers=[bank for bank in banks if bank.part and bank.part.offer is not None],
        readings=await packages.list_reads(tx, order_id),
        history=_history(view, banks),
        can_withdraw=view.order["ended_at"] is None and _before_signing(view),
        again_url=f"{NEW}?{urlencode(of_order(dict(view.order)))}",
        words=words,
        now=tx.now,
    )


@post("/my/orders/{order_id:uuid}/withdrawal", opt=FIRM_ACTS, include_in_schema=False)
async def submit_withdrawal(
    order_id: FromPath[UUID], data: Posted[ActForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Take the whole order back."""
    await once(request, tx, lambda: withdrawals.withdraw_order(tx, order_id, by=seat, now=tx.now))
    return see_other(request, f"/my/orders/{order_id}", flash=_("需求已撤回，各银行的授权同时终止。"))


@post("/my/orders/{order_id:uuid}/suborders/{suborder_id:uuid}/papers", opt=FIRM_ACTS, include_in_schema=False)
async def submit_papers(
    order_id: FromPath[UUID], suborder_id: FromPath[UUID], data: Posted[AnswerForm], tx: Given[Tx], seat: Given[Seat],
    request: Asked,
) -> Response[bytes]:  # fmt: skip
    """Answer a request for papers; the bank's time counts on."""
    await once(
        request, tx, lambda: acceptances.bring_papers(tx, suborder_id, answer=data.answer, by=seat, now=tx.now)
    )  # fmt: skip
    return see_other(request, f"/my/orders/{order_id}", flash=_("已答复银行，银行的时限继续计算。"))


@post("/my/orders/{order_id:uuid}/suborders/{suborder_id:uuid}/pick", opt=FIRM_ACTS, include_in_schema=False)
async def submit_pick(
    order_id: FromPath[UUID], suborder_id: FromPath[UUID], data: Posted[ActForm], tx: Given[Tx], seat: Given[Seat],
    request: Asked,
) -> Response[bytes]:  # fmt: skip
    """Take this bank's offer; the others are passed over."""
    await once(request, tx, lambda: decisions.pick_offer(tx, suborder_id, by=seat, now=tx.now))
    return see_other(request, f"/my/orders/{order_id}", flash=_("已选定方案，等待银行与您签约。"))


@post("/my/orders/{order_id:uuid}/suborders/{suborder_id:uuid}/release", opt=FIRM_ACTS, include_in_schema=False)
async def submit_letting_go(
    order_id: FromPath[UUID], suborder_id: FromPath[UUID], data: Posted[ActForm], tx: Given[Tx], seat: Given[Seat],
    request: Asked,
) -> Response[bytes]:  # fmt: skip
    """Leave a bank that broke its promise to sign or to pay out."""
    await once(request, tx, lambda: withdrawals.let_go(tx, suborder_id, by=seat, now=tx.now))
    return see_other(request, f"/my/orders/{order_id}", flash=_("已不再等待该行。"))


@post("/my/orders/{order_id:uuid}/suborders/{suborder_id:uuid}/draws-end", opt=FIRM_ACTS, include_in_schema=False)
async def submit_draws_end(
    order_id: FromPath[UUID], suborder_id: FromPath[UUID], data: Posted[ActForm], tx: Given[Tx], seat: Given[Seat],
    request: Asked,
) -> Response[bytes]:  # fmt: skip
    """Give up what is still to be drawn under the contract."""
    await once(request, tx, lambda: payments.end_draws(tx, suborder_id, by=seat, now=tx.now))
    return see_other(request, f"/my/orders/{order_id}", flash=_("已放弃剩余未放款部分。"))


@post("/my/orders/{order_id:uuid}/consents/{consent_id:uuid}/revocation", opt=FIRM, include_in_schema=False)
async def submit_revocation(
    order_id: FromPath[UUID], consent_id: FromPath[UUID], data: Posted[ActForm], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Take one bank's consent back. Access has ended when this answers; repeating it changes nothing."""
    db: Database = request.app.state.db
    async with db.reading(Role.BUSINESS) as tx:
        now = tx.now
    await withdrawals.revoke_consent(db, consent_id, order_id, by=seat, now=now)
    return see_other(request, f"/my/orders/{order_id}", flash=_("授权已撤回，该行从此刻起看不到您的数据。"))


async def _banks(tx: ReadTx, view: OrderView) -> list[BankView]:
    known, letters = await parties.shelf.banks(tx), await consents.find_for_order(tx, view.order["order_id"])
    by_id = {letter.consent_id: letter for letter in letters}
    pushed = {row["suborder_id"] for row in view.suborders}
    banks = []
    for row in view.listed:
        part = await reading.get_suborder(tx, row["suborder_id"]) if row["suborder_id"] in pushed else None
        deadlines = [await _deadline(tx, one, tx.now) for one in _shown_clocks(part)]
        banks.append(
            BankView(
                row, known[row["bank_id"]], await parties.shelf.get_branch(tx, row["branch_id"]),
                await parties.shelf.get_product(tx, row["product_id"]), part, deadlines, by_id.get(row["consent_id"]),
            )
        )  # fmt: skip
    return banks


def _shown_clocks(part: SuborderView | None) -> list[clocks.ClockState]:
    """The newest clock of each kind that is the firm's business, in the order of their starts."""
    if part is None:
        return []
    own = [one for one in part.clocks if one.case_id == part.suborder["suborder_id"] and one.kind not in HIDDEN_CLOCKS]
    newest = {one.kind: one for one in sorted(own, key=lambda one: one.started_at)}
    return sorted(newest.values(), key=lambda one: one.started_at)


async def _deadline(tx: ReadTx, clock: clocks.ClockState, now: datetime) -> Deadline:
    why = await clocks.explain(tx, clock.case_id, clock.kind, now=now)
    english = i18n.language() == "en"
    days = [
        (line.day, DAY_CLASSES.get(line.kind.value, "rest"), clocks.line_in_words(line, english=english))
        for line in why.lines
    ]
    passed = clock.state == "running" and clock.due_at <= now  # The next act or sweep will write it down.
    tone, state = words.PASSED if passed else words.CLOCK_STATES[clock.state]
    left = None
    if clock.state == "running" and not passed:
        _version, calendar = await clocks.calendar_on(tx, shanghai_date(now))
        left = workdays_between(calendar, shanghai_date(now), clock.due_on)
    return Deadline(words.words(words.CLOCKS, clock.kind), tone, state, clock, days, left)


def _waiting(view: OrderView) -> int:
    """How many things wait for the firm: papers to bring, offers to pick."""
    return sum(row["papers_open"] is not None or row["state"] == State.OFFERED for row in view.suborders)


def _before_signing(view: OrderView) -> bool:
    live = [State(row["state"]) for row in view.suborders if State(row["state"]) not in TERMINAL]
    return all(state in BEFORE_SIGNING for state in live)


def _stages(view: OrderView, banks: Sequence[BankView]) -> list[tuple[str, datetime | None]]:
    """Posted, at the banks, contacted, decided: each with its instant once it came, in the source's words."""
    parts = [bank.part for bank in banks if bank.part]
    moves = [move for part in parts for move in part.moves]

    def first(*acts: Act) -> datetime | None:
        return min((move["at"] for move in moves if move["act"] in acts), default=None)

    return [
        ("posted", view.order["posted_at"]),
        ("pushed", first(Act.PUSH)),
        ("accepted", first(Act.ACCEPT)),
        ("contacted", first(Act.CONTACT)),
        ("decided", first(Act.OFFER, Act.REFUSE)),
        ("picked", first(Act.PICK)),
        ("paid", first(Act.PAY_OUT)),
    ]


def _history(view: OrderView, banks: Sequence[BankView]) -> list[tuple[datetime, str, str, str]]:
    """Everything that happened, oldest first: instant, words, the bank's name, the clock that broke."""
    lines = [
        (move["at"], words.words(words.MOVES, move["act"]), bank.bank.name,
         words.CLOCKS.get(move["cause"], "") if move["act"] in (Act.BREACH, Act.LAPSE) else "")
        for bank in banks if bank.part
        for move in bank.part.moves
    ]  # fmt: skip
    return sorted(lines, key=lambda line: line[0])
