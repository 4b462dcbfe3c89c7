"""Filing a complaint, everybody's acts on it, and reading it.

Every act is about one complaint: it locks it, fires what is due on it, judges, writes, and tells. A complaint may
outlive its suborder; nothing of the suborder is touched here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from app.access import audit, orgs
from app.access.seats import BRANCH_ROLES, Seat, SeatRole
from app.credit import subjects
from app.infra import outbox
from app.infra.db import ReadTx, Record, Role, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.workdays import due_at
from app.market import parties
from app.market.complaints import events, rules, store
from app.market.complaints.rules import ACK, ANSWER_BY, Act, Facts, Finding, Handling, Moved, Side, State, Why
from app.market.complaints.schemas import CategoryBody, read_categories, read_handling
from app.office import clocks, policies
from app.office.clocks import CaseKind, CaseRef, ClockState, Explanation

KIND: Final = "complaint"
SIDE_OF: Final[Mapping[SeatRole, Side]] = {
    SeatRole.BUSINESS: Side.FIRM, SeatRole.BRANCH_CLERK: Side.BANK, SeatRole.BRANCH_CHECKER: Side.BANK,
    SeatRole.BANK_ADMIN: Side.BANK, SeatRole.SERVICE: Side.SERVICE, SeatRole.REGULATOR: Side.REGULATOR,
}  # fmt: skip
DETAILS: Final[Mapping[Why, str]] = {
    Why.WORDS: "请把事情写清楚，便于核实和答复。",
    Why.FINDING: "请选择核实结论。",
    Why.NOT_LATE: "银行答复的期限还没有到，尚不能上报监管。",
    Why.STILL_TIME: "企业还可以对答复表态，期限过后才能结案。",
}
LISTED_MAX: Final = 100
RECENT: Final = 12
_TOLD: Final[Mapping[Act, type[events.ComplaintEvent]]] = {
    Act.ACKNOWLEDGE: events.ComplaintAcknowledged, Act.ANSWER: events.ComplaintAnswered,
    Act.ACCEPT: events.ComplaintAccepted, Act.DISPUTE: events.ComplaintDisputed,
    Act.ESCALATE: events.ComplaintEscalated, Act.WITHDRAW: events.ComplaintWithdrawn,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class About:
    """What is complained of: a suborder, or a bank as a whole (no branch, suborder or order)."""

    business_id: UUID
    subject_id: UUID | None
    bank_id: UUID
    branch_id: UUID | None = None
    suborder_id: UUID | None = None
    order_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ComplaintView:
    """A complaint with its course. `may` are the acts of the seat that reads it; `why` explains its deadlines."""

    row: Record
    moves: Sequence[Record]
    may: tuple[Act, ...]
    why: Mapping[str, Explanation]
    firm: str
    bank: str
    branch: str
    category: CategoryBody


async def categories_on(tx: ReadTx, now: datetime) -> tuple[int, Mapping[str, CategoryBody]]:
    """What may be complained of today, with the version of the list."""
    policy = await policies.in_force(tx, KIND, "categories", shanghai_date(now))
    return policy.version, read_categories(policy.body)


async def about_suborder(tx: ReadTx, suborder_id: UUID, *, by: Seat) -> About:
    """One of the firm's own suborders, in whatever state. Refuses `not-found`."""
    row = await store.read_suborder(tx, suborder_id)
    if row is None or row["business_id"] != by.org_id:
        raise Refusal("not-found")
    return About(**dict(row))


async def about_bank(tx: ReadTx, bank_id: UUID, *, by: Seat) -> About:
    """A bank as a whole. Refuses `not-found`."""
    bank = await parties.shelf.get_bank(tx, bank_id)
    return About(by.org_id, (await orgs.get_org(tx, by.org_id)).subject_id, bank.bank_id)


async def file_complaint(
    tx: Tx, complaint_id: UUID, about: About, *, category: str, said: str, by: Seat, now: datetime,
    callback_id: UUID | None = None,
) -> UUID:  # fmt: skip
    """Complain. The bank's time to acknowledge and to answer begins.

    Refuses `malformed-field` (a category that is not offered today), `reason-empty`, `already-exists` while the same
    firm has an open one about the same thing, and `forbidden` for whom it does not belong to.
    """
    side = SIDE_OF.get(by.role, Side.BANK)
    version, offered = await categories_on(tx, now)
    if category not in offered:
        raise Refusal("malformed-field", "请选择投诉的事项。", field="category")
    verdict = rules.judge(Facts(State.NONE), Act.FILE, side, await _handling(tx, now), said=said)
    if isinstance(verdict, rules.Refused):
        raise _refusal(verdict)
    if side is Side.FIRM and about.business_id != by.org_id:
        raise Refusal("not-found")
    await tx.narrow(case_id=complaint_id)
    row = {
        "complaint_id": complaint_id, "business_id": about.business_id, "subject_id": about.subject_id,
        "bank_id": about.bank_id, "branch_id": about.branch_id, "suborder_id": about.suborder_id,
        "order_id": about.order_id, "category": category, "policy_version": version, "state": verdict.to.value,
        "filed_at": now, "filed_by": by.person_id, "for_firm": side is not Side.FIRM, "callback_id": callback_id,
    }  # fmt: skip
    if not await store.insert(tx, row):
        raise Refusal("already-exists", "同一事项已有一件投诉正在办理，请在那里补充。")
    await _append(tx, row, State.NONE, Act.FILE, verdict.to, side, by, at=now, said=said)
    case = CaseRef(complaint_id, KIND, complaint_id, about.business_id, about.bank_id)
    for clock in (ACK, ANSWER_BY):
        await clocks.start(tx, case, clock, at=now)
    await outbox.record(tx, events.ComplaintFiled(**_facts(row), at=now, for_firm=row["for_firm"] is True))
    await audit.write(tx, "complaint.file", case_id=about.order_id, detail=_detail(row))
    return complaint_id


async def act_on(
    tx: Tx, complaint_id: UUID, act: Act, *, by: Seat, now: datetime, said: str = "", finding: Finding | None = None,
) -> UUID:  # fmt: skip
    """One act of one side. Refuses `not-found` for who is no side of it, else as the rule says."""
    if tx.role is Role.ACT:
        await tx.narrow(case_id=complaint_id)
    row = await store.lock(tx, complaint_id)
    if row is None or not is_side(row, by):
        raise Refusal("not-found")
    fired = await CASES.fire_due(tx, complaint_id, now=now)
    if fired:
        row = await store.read(tx, complaint_id)
        assert row is not None, "complaints are never deleted"
    handling, side = await _handling(tx, row["filed_at"]), SIDE_OF[by.role]
    verdict = rules.judge(_state(row), act, side, handling, said=said, finding=finding, now=now)
    if isinstance(verdict, rules.Refused):
        raise _refusal(verdict, kept=fired > 0)
    await _write(tx, row, act, verdict, side, by, now=now, said=said, finding=finding, handling=handling)
    return complaint_id


async def weigh(
    tx: ReadTx, complaint_id: UUID | None, act: Act, *, by: Seat, said: str, finding: Finding | None = None
) -> Why | None:
    """What is wrong with the words of an act before it is done, if they are all that is wrong."""
    row = await store.read(tx, complaint_id) if complaint_id else None
    facts = _state(row) if row else Facts(State.NONE)
    handling = await _handling(tx, row["filed_at"] if row else tx.now)
    verdict = rules.judge(facts, act, SIDE_OF[by.role], handling, said=said, finding=finding, now=tx.now)
    return verdict.why if isinstance(verdict, rules.Refused) and verdict.why in (Why.WORDS, Why.FINDING) else None


async def _write(
    tx: Tx, row: Record, act: Act, verdict: Moved, side: Side, by: Seat, *, now: datetime, said: str,
    finding: Finding | None, handling: Handling,
) -> None:  # fmt: skip
    complaint_id, closing = row["complaint_id"], act is Act.CLOSE
    silent = shanghai_date(now) + timedelta(days=handling.silent_days) if act is Act.ANSWER else None
    await store.save(
        tx, complaint_id, row["state"], verdict.to, now, is_taken_up=side is Side.BANK, is_answer=act is Act.ANSWER,
        is_end=verdict.is_end, silent_until_on=silent, finding=finding.value if finding and closing else None,
    )  # fmt: skip
    await _append(tx, dict(row), State(row["state"]), act, verdict.to, side, by, at=now, said=said)
    for clock in verdict.stops:
        await clocks.stop(tx, complaint_id, clock, at=now)
    if verdict.is_end:
        await clocks.void(tx, complaint_id, at=now)
    facts = _facts(dict(row))
    if closing:
        assert finding is not None, "judged"
        await outbox.record(tx, events.ComplaintClosed(**facts, at=now, finding=finding.value))
    else:
        await outbox.record(tx, _TOLD[act](**facts, at=now))
    await audit.write(tx, f"complaint.{act.value}", case_id=row["order_id"], detail=_detail(dict(row)))


async def _append(
    tx: Tx, row: Mapping[str, Any], from_state: State, act: Act, to: State, side: Side, by: Seat | None, *,
    at: datetime, said: str = "", cause: str = "",
) -> None:  # fmt: skip
    name = ""
    if by is not None and act is Act.ANSWER:  # Whoever answers for a bank is named to the firm.
        name = (await orgs.names_of_colleagues(tx, [by.person_id])).get(by.person_id, "")
    await store.append_move(
        tx,
        {
            **{key: row[key] for key in ("complaint_id", "business_id", "bank_id", "branch_id")},
            "from_state": from_state.value, "act": act.value, "to_state": to.value, "at": at, "recorded_at": tx.wall,
            "side": side.value, "cause": cause, "said": said, "by_name": name,
            "by_person": by.person_id if by else None, "by_org": by.org_id if by else None,
        },
    )  # fmt: skip


async def _fire(tx: Tx, clock: ClockState) -> None:
    """A deadline has passed: kept on the complaint and told. Nothing else changes."""
    row = await store.read(tx, clock.case_id)
    assert row is not None, "complaints are never deleted"
    state = State(row["state"])
    await store.add_late(tx, clock.case_id, clock.kind)
    await _append(tx, dict(row), state, Act.BREACH, state, Side.CLOCK, None, at=clock.due_at, cause=clock.kind)
    await outbox.record(tx, events.ComplaintLate(**_facts(dict(row)), at=clock.due_at, clock=clock.kind))


CASES: Final = CaseKind(KIND, store.lock_free, _fire)


async def get(tx: ReadTx, complaint_id: UUID, *, by: Seat) -> ComplaintView:
    """One complaint as a side of it sees it. Refuses `not-found`."""
    row = await store.read(tx, complaint_id)
    if row is None or not is_side(row, by):
        raise Refusal("not-found")
    explained = await clocks.explain(tx, complaint_id, now=tx.now)
    why = {kind: found for (case_id, kind), found in explained.items() if case_id == complaint_id}
    branch = await parties.shelf.get_branch(tx, row["branch_id"]) if row["branch_id"] else None
    policy = await policies.get_version(tx, KIND, "categories", row["policy_version"])
    late = any(one.clock.kind == ANSWER_BY and _has_passed(one.clock, tx.now) for one in why.values())
    facts = _state(row, is_late=late)
    names = await subjects.names_of(tx, [row["subject_id"]]) if row["subject_id"] else {}
    return ComplaintView(
        row, await store.read_moves(tx, complaint_id), rules.allowed(facts, SIDE_OF[by.role], tx.now), why,
        names.get(row["subject_id"], ""), (await parties.shelf.get_bank(tx, row["bank_id"])).name,
        branch.name if branch else "", read_categories(policy.body)[row["category"]],
    )  # fmt: skip


async def list_complaints(tx: ReadTx, kind: str, *, bank_id: UUID | None = None) -> Sequence[Record]:
    """Those that the caller may see, by the time left. `kind` is one of `store.KINDS`."""
    return await store.read_list(tx, kind, bank_id, LISTED_MAX)


async def recent_suborders(tx: ReadTx, business_id: UUID) -> Sequence[Record]:
    """What a firm may complain of: its latest suborders, in whatever state."""
    return await store.read_suborders_of(tx, business_id, RECENT)


async def list_of_firm(tx: ReadTx, business_id: UUID) -> Sequence[Record]:
    return await store.read_of_firm(tx, business_id, LISTED_MAX)


async def list_of_order(tx: ReadTx, order_id: UUID) -> Sequence[Record]:
    return await store.read_of_order(tx, order_id)


async def suborders_of_order(tx: ReadTx, order_id: UUID) -> Sequence[UUID]:
    """The suborders of an order that the caller may see: each may be complained of."""
    return await store.read_suborder_ids(tx, order_id)


async def counts(tx: ReadTx) -> Mapping[str, int]:
    """How many open ones the caller may see, by the kinds of list."""
    return await store.count_by_kind(tx)


async def _handling(tx: ReadTx, at: datetime) -> Handling:
    return read_handling((await policies.in_force(tx, KIND, "handling", shanghai_date(at))).body)


def _has_passed(clock: ClockState, now: datetime) -> bool:
    return clock.state == "breached" or (clock.state == "running" and clock.due_at <= now)


def is_side(row: Record, by: Seat) -> bool:
    match SIDE_OF.get(by.role):
        case Side.FIRM:
            return bool(row["business_id"] == by.org_id)
        case Side.BANK:
            return row["bank_id"] == by.org_id and (by.role not in BRANCH_ROLES or row["branch_id"] == by.branch_id)
        case Side.SERVICE | Side.REGULATOR:
            return True
        case _:
            return False


def _state(row: Record, *, is_late: bool = False) -> Facts:
    until = row["silent_until_on"]
    return Facts(State(row["state"]), is_late or ANSWER_BY in row["late"], due_at(until) if until else None)


def _refusal(refused: rules.Refused, *, kept: bool = False) -> Refusal:
    extra: dict[str, object] = {}
    if refused.code == "wrong-state":
        extra["allowed"] = [act.value for act in refused.allowed]
    if refused.code == "malformed-field":
        extra["field"] = "finding"
    refusal = Refusal(refused.code, DETAILS[refused.why] if refused.why else "", **extra)
    refusal.keep = kept
    return refusal


def _facts(row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("complaint_id", "business_id", "bank_id", "branch_id", "suborder_id", "order_id", "category")
    return {"stream_id": row["complaint_id"], **{name: row[name] for name in names}}


def _detail(row: Mapping[str, Any]) -> dict[str, str]:
    return {"complaint_id": str(row["complaint_id"]), "category": str(row["category"])}
