"""Random histories of suborders, played on a real database with real clocks: what figures are compared over.

Acts are written as the orders room writes them (moves, offers, contracts, draws, refusals), clocks are driven through
their face, and due clocks fire before each act, each at its own instant.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from app.infra.db import Database, Role, Scope, Tx
from app.kernel.clock import shanghai_date
from app.kernel.ids import new_id
from app.office import clocks
from app.office.clocks import CaseRef
from app.office.clocks.rules import Limit, LimitUnit
from app.office.clocks.service.keeping import Terms
from tests.support import shanghai

LIMITS: Final = {"ACCEPT": 2, "CONTACT": 3, "DECISION": 10, "SIGN": 5, "PAYOUT": 5, "PAPERS": 5}
CHOICES: Final = {
    "pushed": ("accept", "accept", "accept", "accept", "refuse", "withdraw", "wait"),
    "accepted": ("contact", "contact", "ask_papers", "bring_papers", "refuse", "withdraw", "wait"),
    "contacted": ("offer", "offer", "investigate", "ask_papers", "bring_papers", "refuse", "wait"),
    "investigating": ("offer", "offer", "ask_papers", "bring_papers", "refuse", "withdraw", "wait"),
    "offered": ("pick", "pick", "withdraw", "pass_over"),
    "picked": ("sign", "sign", "sign", "withdraw", "wait"),
    "signed": ("pay_out", "pay_out", "pay_out", "wait"),
    "paying": ("pay_out", "pay_out", "wait"),
}
TO: Final = {
    "accept": "accepted", "contact": "contacted", "investigate": "investigating", "offer": "offered", "pick": "picked",
    "sign": "signed", "refuse": "refused", "withdraw": "withdrawn", "pass_over": "passed_over",
}  # fmt: skip
DISTRICTS: Final = ("500103", "500105", "500106")
FROM: Final = shanghai("2025-09-15 09:00")


@dataclass
class Part:
    """One suborder while it is played."""

    suborder_id: UUID
    order_id: UUID
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    product_id: UUID
    at: datetime
    state: str = "pushed"
    amount_fen: int = 100_000_00
    offer_id: UUID | None = None
    asked: bool = False
    is_pushed: bool = False
    draws: list[int] = field(default_factory=list)

    @property
    def ref(self) -> CaseRef:
        return CaseRef(self.order_id, "suborder", self.suborder_id, self.business_id, self.bank_id)

    @property
    def parties(self) -> tuple[UUID, UUID, UUID, UUID, UUID]:
        return self.suborder_id, self.order_id, self.business_id, self.bank_id, self.branch_id


async def play(
    db: Database, seed: int, suborders: int, until: datetime, *, banks_count: int = 2,
    districts: Sequence[str] = DISTRICTS, midway: tuple[datetime, Callable[[], Awaitable[None]]] | None = None,
) -> None:  # fmt: skip
    """Play so many suborders of some banks, each until it dies, sleeps, or `until` has come; at the instant `midway`
    something happens between their acts."""
    chance = Random(seed)
    banks = [(new_id(), (new_id(), new_id()), new_id()) for _ in range(banks_count)]
    parts: list[Part] = []
    for _ in range(suborders):
        bank_id, branches, product_id = chance.choice(banks)
        at = FROM + timedelta(minutes=chance.randrange(0, 60 * 24 * 20))
        parts.append(Part(new_id(), new_id(), new_id(), bank_id, chance.choice(branches), product_id, at))
        if midway is None:
            await _play(db, parts[-1:], chance, until, districts)
    if midway is not None:
        await _play(db, parts, chance, midway[0], districts)
        await midway[1]()
        await _play(db, parts, chance, until, districts)


async def _play(db: Database, parts: Sequence[Part], chance: Random, until: datetime, districts: Sequence[str]) -> None:
    for part in parts:
        if part.at >= until:
            continue
        async with db.transaction(Role.ACT, Scope(part.bank_id, new_id(), case_id=part.order_id)) as tx:
            if not part.is_pushed:
                await _push(tx, part, chance.choice(districts))
                part.is_pushed = True
            while part.state in CHOICES and part.at < until:
                await _step(tx, part, chance, until)


async def _step(tx: Tx, part: Part, chance: Random, until: datetime) -> None:
    act = chance.choice(CHOICES[part.state])
    at = part.at + timedelta(minutes=chance.choice([7, 60, 60 * 5, 60 * 20, 60 * 24 * 2, 60 * 24 * 6]))
    if chance.random() < 0.1:
        at = shanghai(f"{shanghai_date(at).isoformat()} 00:00")  # The very instant on which days end.
    at = max(at, part.at)
    if act == "wait":
        at = part.at + timedelta(days=chance.choice([1, 5, 20]))
    await _fire(tx, part, min(at, until))
    part.at = at
    if part.state in CHOICES and at < until and act != "wait":
        await _act(tx, part, act, chance)


async def _push(tx: Tx, part: Part, district: str) -> None:
    until_on = shanghai_date(part.at) + timedelta(80)
    await tx.execute(
        "insert into orders (order_id, business_id, subject_id, loan_type, amount_fen, term_months, purpose,"
        " collateral, district_code, places, until_on, until_at, posted_at, posted_by, ranking_version, seed)"
        " values ($1, $2, $2, 'new', $3, 12, 'goods', 'none', $4, 2, $5, $6, $7, $2, 1, 's')",
        part.order_id, part.business_id, part.amount_fen, district, until_on, part.at + timedelta(80), part.at,
    )  # fmt: skip
    await tx.execute(
        "insert into supervision_traits (order_id, industry, size) values ($1, $2, $3)",
        part.order_id, "CFI"[part.order_id.int % 3], ("", "micro", "small")[part.order_id.int // 3 % 3],
    )  # fmt: skip
    common = (part.suborder_id, part.order_id, part.business_id, part.bank_id, part.branch_id, part.product_id)
    await tx.execute(
        "insert into order_listed (suborder_id, order_id, business_id, bank_id, branch_id, product_id, position,"
        " consent_id, is_reserve, score, factors, deciding) values ($1, $2, $3, $4, $5, $6, 1, $7, false, 1, '{}', '')",
        *common, new_id(),
    )  # fmt: skip
    await tx.execute(
        "insert into suborders (suborder_id, order_id, business_id, bank_id, branch_id, product_id, subject_id,"
        " consent_id, position, state, amount_fen, term_months, purpose, collateral, district_code, until_on, deciding,"
        " pushed_at) values ($1, $2, $3, $4, $5, $6, $3, $7, 1, 'pushed', $8, 12, 'goods', 'none', $9, $10, '', $11)",
        *common, new_id(), part.amount_fen, district, until_on, part.at,
    )  # fmt: skip
    await _move(tx, part, "push", "pushed", part.at, start="listed")
    await _start(tx, part, "ACCEPT", part.at)


async def _act(tx: Tx, part: Part, act: str, chance: Random) -> None:
    if act == "ask_papers":
        left = await clocks.pause_left(tx, part.suborder_id, "DECISION", at=part.at)
        if not part.asked and left:
            await _move(tx, part, act, part.state, part.at)
            await clocks.pause(tx, part.ref, "DECISION", proof_id=new_id(), at=part.at)
            await _start(tx, part, "PAPERS", part.at, min(LIMITS["PAPERS"], left))
            part.asked = True
    elif act == "bring_papers":
        if part.asked:
            await _end_papers(tx, part, act, part.at)
    elif act == "pay_out":
        await _pay_out(tx, part, chance)
    else:
        await _go(tx, part, act, chance)


async def _go(tx: Tx, part: Part, act: str, chance: Random) -> None:
    """An act that changes the state, with what it stops and starts."""
    await _paper(tx, part, act, chance)
    await _move(tx, part, act, TO[act], part.at)
    stops = {
        "accept": ["ACCEPT"], "contact": ["CONTACT"], "offer": ["DECISION"], "sign": ["SIGN"],
        "refuse": ["ACCEPT", "CONTACT", "DECISION"],
    }.get(act, [])  # fmt: skip
    for kind in stops:
        await clocks.stop(tx, part.suborder_id, kind, at=part.at)
    if act in ("offer", "refuse"):
        await clocks.void(tx, part.suborder_id, "PAPERS", at=part.at)
        part.asked = False
    for kind in {"accept": ["CONTACT", "DECISION"], "pick": ["SIGN"], "sign": ["PAYOUT"]}.get(act, []):
        await _start(tx, part, kind, part.at)
    if part.state not in CHOICES:
        await clocks.void(tx, part.suborder_id, at=part.at)


async def _paper(tx: Tx, part: Part, act: str, chance: Random) -> None:
    """The row that stands beside the move."""
    five = "suborder_id, order_id, business_id, bank_id, branch_id"
    if act == "offer":
        part.offer_id, amount = new_id(), chance.randrange(10, 100) * 100_000
        await tx.execute(
            f"insert into offers ({five}, offer_id, amount_fen, rate_ppm, term_months, repayment, fees, valid_workdays,"
            " valid_until_on, interest_fen, total_cost_fen, first_payment_fen, apr_ppm, made_at, made_by) values"
            " ($1, $2, $3, $4, $5, $6, $7, 50000, 12, 'bullet', '[]', 10, $8, 1, 1, 1, 50000, $9, $1)",
            *part.parties, part.offer_id, amount, shanghai_date(part.at) + timedelta(20), part.at,
        )  # fmt: skip
        await tx.execute("update suborders set offer_id = $2 where suborder_id = $1", part.suborder_id, part.offer_id)
        part.amount_fen = amount
    elif act == "refuse":
        held = chance.random() < 0.7
        claim = {"path": "invoices.turnover_12m_fen", "comparison": "lt", "value": 100} if held else None
        evidence = {"path": "invoices.turnover_12m_fen", "status": "value", "value": 3} if held else None
        await tx.execute(
            f"insert into refusals ({five}, reason_code, tree_version, said, claim, evidence, reason_zh, reason_en,"
            " cure_zh, cure_en, refused_at, made_by)"
            " values ($1, $2, $3, $4, $5, $6, 1, '', $7, $8, '', '', '', '', $9, $1)",
            *part.parties, chance.choice(["C2", "D1", "I2"]), claim, evidence, part.at,
        )  # fmt: skip
    elif act == "sign":
        on = shanghai_date(part.at)
        await tx.execute(
            f"insert into contracts ({five}, contract_no, signed_on, amount_fen, draw_until_on, recorded_at)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            *part.parties, str(new_id()), on, part.amount_fen, on + timedelta(90), part.at,
        )  # fmt: skip


async def _pay_out(tx: Tx, part: Part, chance: Random) -> None:
    last = len(part.draws) == 2 or chance.random() < 0.5
    amount = part.amount_fen - sum(part.draws) if last else part.amount_fen // 4
    part.draws.append(amount)
    await tx.execute(
        "insert into draws (suborder_id, order_id, business_id, bank_id, branch_id, draw_id, amount_fen, paid_on,"
        " recorded_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        *part.parties, new_id(), amount, shanghai_date(part.at), part.at,
    )  # fmt: skip
    await _move(tx, part, "pay_out", "serviced" if last else "paying", part.at)
    await clocks.stop(tx, part.suborder_id, "PAYOUT", at=part.at)


async def _end_papers(tx: Tx, part: Part, act: str, at: datetime) -> None:
    await _move(tx, part, act, part.state, at)
    if act == "bring_papers":
        await clocks.stop(tx, part.suborder_id, "PAPERS", at=at)
    await clocks.resume(tx, part.suborder_id, "DECISION", at=at)
    part.asked = False


async def _fire(tx: Tx, part: Part, until: datetime) -> None:
    """Fire what is due by then, each at its own instant, a pause before the deadline that it held back."""
    while due := await clocks.due_of(tx, part.order_id, until):
        clock = min(due, key=lambda one: (one.due_at, one.kind != "PAPERS"))
        await clocks.breach(tx, clock.clock_id)
        if clock.kind == "PAPERS":
            await _end_papers(tx, part, "cap_papers", clock.due_at)
        else:
            await _move(tx, part, "breach", part.state, clock.due_at, cause=clock.kind)
            await tx.execute(
                "update suborders set breached = array_append(breached, $2) where suborder_id = $1", part.suborder_id,
                clock.kind,
            )  # fmt: skip
        if clock.kind == "ACCEPT":
            await _move(tx, part, "lapse", "lapsed", clock.due_at, cause="ACCEPT")
            await clocks.void(tx, part.suborder_id, at=clock.due_at)


async def _start(tx: Tx, part: Part, kind: str, at: datetime, limit: int | None = None) -> None:
    owner = "firm" if kind == "PAPERS" else "bank"
    terms = Terms(owner, Limit(LimitUnit.WORKDAYS, limit or LIMITS[kind]), 1, 10 if kind == "DECISION" else 0)
    await clocks.start(tx, part.ref, kind, terms, at=at)


async def _move(
    tx: Tx, part: Part, act: str, to: str, at: datetime, *, cause: str = "", start: str | None = None
) -> None:
    await tx.execute(
        "insert into suborder_moves (suborder_id, order_id, business_id, bank_id, branch_id, from_state, act, to_state,"
        " at, recorded_at, cause) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)",
        *part.parties, start or part.state, act, to, at, cause,
    )  # fmt: skip
    part.state = to
    await tx.execute("update suborders set state = $2 where suborder_id = $1", part.suborder_id, to)
