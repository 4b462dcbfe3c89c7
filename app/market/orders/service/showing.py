"""What orders look like outside: one shape per thing, for machines and pages alike."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from app.infra.db import Record
from app.market import packages
from app.market.orders.service import reading
from app.market.orders.service.lending import LoanView
from app.market.orders.service.postings import Match
from app.office import clocks


@dataclass(frozen=True, slots=True)
class MatchView:
    """A branch in its place. `factors` in ppm of what each can be worth; `deciding` put it before the next one."""

    bank_id: UUID
    bank: str
    branch_id: UUID
    branch: str
    product_id: UUID
    product: str
    ceiling_fen: int
    rate_min_ppm: int
    rate_max_ppm: int
    term_months_max: int
    promised_workdays: int
    score: int
    factors: Mapping[str, int]
    deciding: str

    @classmethod
    def of(cls, found: Match) -> Self:
        entry, product, ranked = found.listing.entry, found.listing.product, found.ranked
        return cls(
            entry.bank_id, found.listing.bank.name, entry.branch_id, found.listing.branch.name, product.product_id,
            product.name, entry.ceiling_fen, entry.rate_min_ppm, entry.rate_max_ppm, entry.term_months_max,
            product.promised_workdays, ranked.score, {f.value: v for f, v in ranked.factors.items()}, ranked.deciding,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClockView:
    """A promise. Kept until the end of `due_on` in Shanghai; `due_at` is that instant."""

    case_id: UUID
    clock: str
    owner: str
    state: str
    started_at: datetime
    due_on: date
    due_at: datetime
    is_provisional: bool
    stopped_at: datetime | None

    @classmethod
    def of(cls, clock: clocks.ClockState, now: datetime) -> Self:
        """As of `now`: one that is due counts as breached, whether or not the worker has come by."""
        state = "breached" if clock.state == "running" and clock.due_at <= now else clock.state
        return cls(
            clock.case_id, clock.kind, clock.owner, state, clock.started_at, clock.due_on, clock.due_at,
            clock.is_provisional, clock.stopped_at,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class DayView:
    on: date
    counts_as: str
    number: int | None
    words_zh: str
    words_en: str


@dataclass(frozen=True, slots=True)
class RungView:
    """At `share` percent of the counted time these are told; `at` is open while a pause stands before it."""

    share: int
    told: Sequence[str]
    at: datetime | None


@dataclass(frozen=True, slots=True)
class RecountView:
    """A later version of the calendar counted the deadline again: moved, confirmed, or kept at too short notice."""

    at: datetime
    outcome: str
    calendar_version: int
    old_due_on: date
    due_on: date
    counted_on: date


@dataclass(frozen=True, slots=True)
class ExplanationView:
    """Why this day. `used_ppm` is the share of the counted time that is used up."""

    clock: str
    state: str
    due_on: date
    due_at: datetime
    is_provisional: bool
    used_ppm: int
    days: Sequence[DayView]
    pauses: Sequence[Mapping[str, datetime | None]]
    ladder: Sequence[RungView]
    policy_version: int
    calendar_version: int
    recounts: Sequence[RecountView]
    calendar_key: str = "cn"  # The State Council's days, or `branch/…`: the hours of a branch.

    @classmethod
    def of(cls, why: clocks.Explanation, ladder: Sequence[tuple[int, Sequence[str], datetime | None]]) -> Self:
        days = [
            DayView(line.day, line.kind.value, line.n, clocks.line_in_words(line),
                    clocks.line_in_words(line, english=True))
            for line in why.lines
        ]  # fmt: skip
        pauses = [{"from_at": pause.from_at, "to_at": pause.to_at} for pause in why.pauses]
        clock = why.clock
        rungs = [RungView(share, told, at) for share, told, at in ladder]
        return cls(
            clock.kind, clock.state, clock.due_on, clock.due_at, clock.is_provisional, why.used_ppm, days, pauses,
            rungs, why.policy_version, why.calendar_version,
            [RecountView(one.at, one.outcome, one.to_version, one.old_due_on, one.due_on, one.counted_on)
             for one in why.recounts],
            why.calendar_key,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A bank on the order's frozen list."""

    position: int
    is_reserve: bool
    suborder_id: UUID
    bank_id: UUID
    branch_id: UUID
    product_id: UUID
    consent_id: UUID
    score: int
    factors: Mapping[str, int]
    deciding: str
    state: str
    cause: str

    @classmethod
    def of(cls, listed: Record, part: Record | None) -> Self:
        state, cause = ("listed", "") if part is None else (part["state"], part["cause"])
        names = ("position", "is_reserve", "suborder_id", "bank_id", "branch_id", "product_id", "consent_id", "score",
                 "factors", "deciding")  # fmt: skip
        now = {} if part is None else _pick(part, ("suborder_id", "branch_id"))  # Another branch may have it by now.
        return cls(**(_pick(listed, names) | now), state=state, cause=cause)


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An order in a list."""

    order_id: UUID
    amount_fen: int
    term_months: int
    purpose: str
    posted_at: datetime
    until_on: date
    end: str | None
    ended_at: datetime | None

    @classmethod
    def of(cls, row: Record) -> Self:
        names = ("order_id", "amount_fen", "term_months", "purpose", "posted_at", "until_on", "ended_at")
        values = _pick(row, names)
        return cls(**values, end=row["end_state"])


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order with its banks. `standing` is what it is; an ended order says how and when."""

    order_id: UUID
    business_id: UUID
    amount_fen: int
    term_months: int
    purpose: str
    collateral: str
    district_code: str | None
    places: int
    until_on: date
    posted_at: datetime
    previous_order_id: UUID | None
    standing: str
    withdrawn_at: datetime | None
    ended_at: datetime | None
    banks: Sequence[PlaceView]
    clocks: Sequence[ClockView]

    @classmethod
    def of(cls, view: reading.OrderView, now: datetime) -> Self:
        order = view.order
        newest = sorted(view.suborders, key=lambda part: part["pushed_at"])  # What follows stands in its place.
        parts = {part["position"]: part for part in newest}
        names = ("order_id", "business_id", "amount_fen", "term_months", "purpose", "collateral", "district_code",
                 "places", "until_on", "posted_at", "previous_order_id")  # fmt: skip
        banks = [PlaceView.of(listed, parts.get(listed["position"])) for listed in view.listed]
        return cls(
            **_pick(order, names), standing=view.standing.value, withdrawn_at=order["withdrawn_at"],
            ended_at=order["ended_at"], banks=banks, clocks=[ClockView.of(clock, now) for clock in view.clocks],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class InboxView:
    """A suborder in the inbox, with the bank's next deadline."""

    suborder_id: UUID
    order_id: UUID
    business_id: UUID
    subject_id: UUID
    branch_id: UUID
    product_id: UUID
    state: str
    amount_fen: int
    term_months: int
    purpose: str
    pushed_at: datetime
    clock: str | None
    due_on: date | None
    due_at: datetime | None
    is_breached: bool
    is_paused: bool

    @classmethod
    def of(cls, row: Record, now: datetime) -> Self:
        names = ("suborder_id", "order_id", "business_id", "subject_id", "branch_id", "product_id", "state",
                 "amount_fen", "term_months", "purpose", "pushed_at", "clock", "due_on")  # fmt: skip
        due_at = row["due_at"] if row["clock"] else None
        late = bool(row["breached"]) or (due_at is not None and due_at <= now)
        paused = row["papers_open"] is not None
        return cls(**_pick(row, names), due_at=due_at, is_breached=late, is_paused=paused)


@dataclass(frozen=True, slots=True)
class SuborderView:
    """A suborder with all that was done on it. `allowed` names the acts that its state allows to people."""

    suborder_id: UUID
    order_id: UUID
    business_id: UUID
    subject_id: UUID
    bank_id: UUID
    branch_id: UUID
    product_id: UUID
    consent_id: UUID
    state: str
    cause: str
    amount_fen: int
    term_months: int
    purpose: str
    collateral: str
    district_code: str | None
    until_on: date
    deciding: str
    pushed_at: datetime
    accepted_at: datetime | None
    picked_at: datetime | None
    signed_on: date | None
    ended_at: datetime | None
    offered_fen: int
    signed_fen: int
    paid_fen: int
    breached: Sequence[str]
    allowed: Sequence[str]
    moves: Sequence[Mapping[str, Any]]
    clocks: Sequence[ClockView]
    papers: Sequence[Mapping[str, Any]]
    offer: Mapping[str, Any] | None
    refusal: Mapping[str, Any] | None
    retraction: Mapping[str, Any] | None
    firm_words: Sequence[Mapping[str, Any]]
    contact: Mapping[str, Any] | None
    contacts: Sequence[Mapping[str, Any]]
    contract: Mapping[str, Any] | None
    draws: Sequence[Mapping[str, Any]]
    loan_type: str
    of_suborder_id: UUID | None
    recommended_at: datetime | None
    loan: Mapping[str, Any] | None
    proposals: Sequence[Mapping[str, Any]]

    @classmethod
    def of(cls, view: reading.SuborderView, now: datetime) -> Self:
        row = view.suborder
        names = [name for name in cls.__dataclass_fields__ if name in row.keys()]  # noqa: SIM118 - a Record
        waiting = [
            {"proposal_id": one.proposal_id, "kind": one.kind, "made_at": one.made_at, "expires_at": one.expires_at}
            for one in view.proposals
        ]
        return cls(
            **_pick(row, names), allowed=[act.value for act in view.allowed],
            moves=[_facts(one) for one in view.moves], clocks=[ClockView.of(clock, now) for clock in view.clocks],
            papers=[_facts(one) for one in view.papers], offer=_maybe(view.offer), refusal=_maybe(view.refusal),
            contact=_maybe(view.contact), contacts=[_facts(one) for one in view.contacts],
            retraction=_maybe(view.retraction), firm_words=[_facts(one) for one in view.words],
            contract=_maybe(view.contract),
            draws=[_facts(one) for one in view.draws], loan=_loan(view.loan), proposals=waiting,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class EnvelopeView:
    """A package for one delivery: a JWE for the machine's key, good until `expires_at`."""

    package_id: UUID
    jwe: str
    sha256: str
    expires_at: datetime

    @classmethod
    def of(cls, envelope: packages.Envelope) -> Self:
        return cls(envelope.package_id, envelope.jwe, envelope.sha256, envelope.expires_at)


HIDDEN = {"suborder_id", "order_id", "business_id", "bank_id", "branch_id", "by_person", "made_by", "checked_by"}


def _loan(view: LoanView | None) -> dict[str, Any] | None:
    """What a loan came to, and every line of its ledger."""
    if view is None:
        return None
    loan = view.loan
    return {
        "outstanding_fen": view.outstanding_fen, "repaid_fen": loan.repaid_fen, "overdue_fen": loan.overdue_fen,
        "overdue_since_on": loan.overdue_since_on, "written_off_fen": loan.written_off_fen, "ends_on": loan.ends_on,
        "entries": [_facts(one) for one in view.entries],
    }  # fmt: skip


def _pick(row: Record, names: Iterable[str]) -> dict[str, Any]:
    return {name: row[name] for name in names}


def _facts(row: Record) -> dict[str, Any]:
    """A row without the ids that stand around it, and without who at the bank did it."""
    return {name: value for name, value in row.items() if name not in HIDDEN}


def _maybe(row: Record | None) -> dict[str, Any] | None:
    return None if row is None else _facts(row)
