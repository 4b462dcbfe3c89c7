"""What a firm follows of one order: whose turn it is and by when, its banks, its deadlines, who opened its data."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from app.credit import catalogue, consents
from app.infra.db import ReadTx, Record
from app.kernel.clock import shanghai_date
from app.kernel.workdays import workdays_between
from app.market import packages, papers, parties
from app.market.orders.pages import words
from app.market.orders.rules.states import TERMINAL, Act, State
from app.market.orders.service import reading
from app.market.orders.service.lending import LoanView
from app.market.orders.service.marks import Mark
from app.market.orders.service.reading import OrderView, SuborderView
from app.office import clocks
from app.web import i18n

AGREED_CLOCKS: Final = frozenset({"UNTIL", "DRAWS"})
HIDDEN_CLOCKS: Final = frozenset({"DELIVERY"})  # A promise between platform and bank.
# Which clock says whose turn it is, by state; the first that there is.
TURN_CLOCKS: Final[Mapping[State, tuple[str, ...]]] = {
    State.PUSHED: ("ACCEPT",),
    State.ACCEPTED: ("PAPERS", "CONTACT", "DECISION"),
    State.CONTACTED: ("PAPERS", "DECISION"),
    State.INVESTIGATING: ("PAPERS", "DECISION"),
    State.OFFERED: ("OFFER",),
    State.PICKED: ("GRACE", "SIGN"),
    State.SIGNED: ("PAYOUT",),
    State.PAYING: ("DRAWS",),
}
PLAIN_DAYS: Final = frozenset({"counted", "weekend", "start"})


@dataclass(frozen=True, slots=True)
class Tile:
    """One day of a deadline. `short` stands in the strip, `said` is the whole sentence."""

    day: date
    kind: str
    short: str
    said: str

    @property
    def is_special(self) -> bool:
        """What one would ask about: holidays, make-up workdays, pauses, days not announced yet."""
        return self.kind not in PLAIN_DAYS


@dataclass(frozen=True, slots=True)
class Deadline:
    """A clock in the firm's words, with the strip of days behind its date."""

    title: str
    tone: str
    state: str
    clock: clocks.ClockState
    days: Sequence[Tile]
    workdays_left: int | None = None  # Of a running clock; 0 on its last day.
    recounts: Sequence[object] = ()  # What a later calendar did to the date.

    @property
    def counts_days(self) -> bool:
        """Whether the deadline follows from counting workdays; otherwise the day itself was agreed."""
        return self.clock.kind not in AGREED_CLOCKS

    @property
    def special(self) -> Sequence[tuple[date, date, str]]:
        """What one would ask about, in words: first and last of equal days in a row, without their weekdays."""
        found: list[tuple[date, date, str]] = []
        for one in self.days:
            said = one.said.partition(" ")[2]
            if not one.is_special:
                continue
            if found and found[-1][2] == said and found[-1][1] + timedelta(days=1) == one.day:
                found[-1] = (found[-1][0], one.day, said)
            else:
                found.append((one.day, one.day, said))
        return found

    @property
    def is_over(self) -> bool:
        """Kept, or no longer owed: of interest to who wants to look back."""
        return self.clock.state in ("met", "void")


@dataclass(frozen=True, slots=True)
class Proof:
    """The item that a refusal was checked against, as it was then."""

    title: str
    unit: str
    status: str
    value: int | str | None
    as_of_on: date | None


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
    files: Sequence[papers.Paper] = ()
    proof: Proof | None = None

    @property
    def suborder_id(self) -> UUID:
        """Its suborder's id, which is fixed before the suborder is."""
        found: UUID = self.part.suborder["suborder_id"] if self.part else self.listed["suborder_id"]
        return found

    @property
    def may(self) -> frozenset[str]:
        return frozenset(act.value for act in self.part.allowed) if self.part else frozenset()

    @property
    def loan(self) -> LoanView | None:
        """From its first draw on."""
        return self.part.loan if self.part else None

    @property
    def may_revoke(self) -> bool:
        """A consent ends with its suborder; before that, or while the bank is in reserve, it can be taken back."""
        if self.consent is None or self.consent.gated or self.consent.revoked_at is not None:
            return False
        return self.part is None or State(self.part.suborder["state"]) not in TERMINAL

    @property
    def request(self) -> Record | None:
        """The request for papers that waits for the firm."""
        if self.part is None:
            return None
        open_id = self.part.suborder["papers_open"]
        return next((one for one in self.part.papers if one["request_id"] == open_id), None) if open_id else None

    @property
    def first_url(self) -> str:
        """This branch with its product, as the page of banks ticks it."""
        return f"&pick={self.listed['branch_id']}:{self.listed['product_id']}"

    @property
    def ask_again_on(self) -> date | None:
        no = self.part.refusal if self.part else None
        if no is None or not no["ask_again_days"]:
            return None
        return shanghai_date(no["refused_at"]) + timedelta(days=no["ask_again_days"])

    def files_of(self, request_id: UUID) -> list[papers.Paper]:
        return [one for one in self.files if one.request_id == request_id]


@dataclass(frozen=True, slots=True)
class Turn:
    """Who has what to do next. `words` name the act; `deadline` is None where nothing is owed by a day."""

    bank: BankView
    is_mine: bool
    words: str
    deadline: Deadline | None
    anchor: str


@dataclass(frozen=True, slots=True)
class Opening:
    """Somebody at a bank opened the firm's data: its package, or a paper by its name."""

    at: datetime
    branch: str
    words: str
    name: str = ""


async def banks_of(tx: ReadTx, view: OrderView) -> list[BankView]:
    """The order's banks in their places."""
    order_id = view.order["order_id"]
    known, letters = await parties.shelf.banks(tx), await consents.find_for_order(tx, order_id)
    files = await papers.list_of_order(tx, order_id)
    why = await clocks.explain(tx, order_id, now=tx.now)
    by_id = {letter.consent_id: letter for letter in letters}
    pushed = {row["suborder_id"] for row in view.suborders}
    banks = []
    for row, suborder_id, branch_id in _in_places(view):
        part = await reading.get_suborder(tx, suborder_id) if suborder_id in pushed else None
        deadlines = [await _deadline(tx, one, why[one.case_id, one.kind]) for one in _shown_clocks(part)]
        banks.append(
            BankView(
                row, known[row["bank_id"]], await parties.shelf.get_branch(tx, branch_id),
                await parties.shelf.get_product(tx, row["product_id"]), part, deadlines, by_id.get(row["consent_id"]),
                [one for one in files if one.suborder_id == suborder_id], await _proof(tx, part),
            )
        )  # fmt: skip
    return banks


def _in_places(view: OrderView) -> list[tuple[Record, UUID, UUID]]:
    """The banks of the list in their places, each with what follows its suborder: another branch, an upheld appeal."""
    found = []
    for row in view.listed:
        found.append((row, row["suborder_id"], row["branch_id"]))
        behind = [one for one in view.suborders if one["position"] == row["position"] and one["origin_id"] is not None]
        behind.sort(key=lambda part: part["pushed_at"])
        found += [(row, one["suborder_id"], one["branch_id"]) for one in behind]
    return found


def turns(banks: Iterable[BankView]) -> list[Turn]:
    """Who has what to do next, the firm's own turns first, then by their days."""
    found = []
    for bank in banks:
        if bank.part is None or (state := State(bank.part.suborder["state"])) not in TURN_CLOCKS:
            continue
        by_kind = {one.clock.kind: one for one in bank.deadlines if one.clock.state != "void"}
        kinds = [
            kind for kind in TURN_CLOCKS[state]
            if (kind != "PAPERS" or bank.request is not None)
            and (kind != "GRACE" or (kind in by_kind and not by_kind[kind].is_over))
        ]  # fmt: skip
        kind = kinds[0]
        found.append(
            Turn(bank, kind in words.MINE, words.TURNS[kind], by_kind.get(kind), words.ANCHORS.get(kind, "#banks"))
        )
    return sorted(found, key=lambda one: (not one.is_mine, one.deadline is None,
                                          one.deadline.clock.due_at if one.deadline else None))  # fmt: skip


def stages(view: OrderView, banks: Sequence[BankView]) -> list[tuple[str, datetime | None]]:
    """Posted, at the banks, contacted, decided: each with its instant once it came, in the source's words."""
    moves = [move for bank in banks if bank.part for move in bank.part.moves]

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


def history(banks: Sequence[BankView]) -> list[tuple[datetime, str, str, str]]:
    """Everything that happened, oldest first: instant, words, the bank's name, the clock that broke."""
    lines = [
        (move["at"], words.words(words.MOVES, move["act"]), bank.bank.name,
         words.CLOCKS.get(move["cause"], "") if move["act"] in (Act.BREACH, Act.LAPSE) else "")
        for bank in banks if bank.part
        for move in bank.part.moves
    ]  # fmt: skip
    return sorted(lines, key=lambda line: line[0])


async def openings(tx: ReadTx, view: OrderView, banks: Sequence[BankView]) -> list[Opening]:
    """Who opened the firm's data and papers, the newest first."""
    branches = {bank.branch.branch_id: bank.branch.name for bank in banks}
    order_id = view.order["order_id"]
    found = [
        Opening(one.read_at, branches.get(one.branch_id, ""), words.READ_BY[one.manner])
        for one in await packages.list_reads(tx, order_id)
    ] + [
        Opening(one.read_at, branches.get(one.branch_id, ""), words.READ_BY["paper"], one.name)
        for one in await papers.list_reads(tx, order_id)
    ]  # fmt: skip
    return sorted(found, key=lambda one: one.at, reverse=True)


def stamp(
    view: OrderView, banks: Sequence[BankView], seen: Sequence[Opening], now: datetime,
    beside: Mapping[UUID, Sequence[Mark]] = MappingProxyType({}),
) -> str:  # fmt: skip
    """Another text whenever the page would say something else; equal while nothing happened and the day is the same."""
    said: list[Any] = [i18n.language(), shanghai_date(now), view.standing, view.order["end_state"], len(seen),
                       sorted((str(key), tuple(found)) for key, found in beside.items())]  # fmt: skip
    for bank in banks:
        said.append((bank.consent and (bank.consent.gated, bank.consent.revoked_at), len(bank.files)))
        said += [(one.clock.kind, one.state, one.clock.due_at) for one in bank.deadlines]
        said.append(bank.part and bank.part.appeal and bank.part.appeal.appeal["answered_at"])
        said.append(bank.part and (bank.part.suborder["state"], len(bank.part.moves), len(bank.part.papers)))
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def _shown_clocks(part: SuborderView | None) -> list[clocks.ClockState]:
    """The newest clock of each kind that is the firm's business, in the order of their starts."""
    if part is None:
        return []
    own = [one for one in part.clocks if one.case_id == part.suborder["suborder_id"] and one.kind not in HIDDEN_CLOCKS]
    newest = {one.kind: one for one in sorted(own, key=lambda one: one.started_at)}
    return sorted(newest.values(), key=lambda one: one.started_at)


async def _deadline(tx: ReadTx, clock: clocks.ClockState, why: clocks.Explanation) -> Deadline:
    now = tx.now
    english = i18n.language() == "en"
    days = [
        Tile(line.day, line.kind.value, words.day_mark(line.kind.value, line.n),
             clocks.line_in_words(line, english=english))
        for line in why.lines
    ]  # fmt: skip
    passed = clock.state == "running" and clock.due_at <= now  # The next act or sweep will write it down.
    tone, state = words.PASSED if passed else words.CLOCK_STATES[clock.state]
    left = None
    if clock.state == "running" and not passed:
        _version, calendar = await clocks.calendar_on(tx, shanghai_date(now))
        left = workdays_between(calendar, shanghai_date(now), clock.due_on)
    return Deadline(words.words(words.CLOCKS, clock.kind), tone, state, clock, days, left, why.recounts)


async def _proof(tx: ReadTx, part: SuborderView | None) -> Proof | None:
    """What a refusal was checked against, where it is an item of the catalogue."""
    item = part.refusal["evidence"] if part and part.refusal else None
    if part is None or part.refusal is None or item is None:
        return None
    edition = await catalogue.edition_on(tx, shanghai_date(part.refusal["refused_at"]))
    found = edition.figure(item["path"])
    if found is None:
        return None
    as_of_on = date.fromisoformat(item["as_of_on"]) if item["as_of_on"] else None
    return Proof(found[1].title, found[1].unit, item["status"], item["value"], as_of_on)
