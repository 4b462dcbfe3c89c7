"""Call-backs: each day's ends are drawn from, customer service calls, and what the firm says is kept.

A draw keeps its seed and everybody who stood in it, so that it can be drawn again by anybody. What a firm says against
a bank becomes a complaint only if it asks for one.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from app.access import audit
from app.access.seats import Seat, SeatRole
from app.infra import outbox
from app.infra.db import ReadTx, Record, Role, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.kernel.workdays import due_at
from app.market import complaints
from app.market.ratings import events, rules, store
from app.market.ratings.rules import Called, CallState, Candidate, Factor, Heard, Outcome
from app.market.ratings.schemas import QuestionsPolicy, read_questions, read_sampling
from app.market.ratings.service.rating import DETAILS, OWN, marks_on
from app.office import policies

LISTED_MAX: Final = 100
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CallView:
    """A call-back with why it was drawn, what was tried, and the questions to ask."""

    row: Record
    drawn: Record
    attempts: Sequence[Record]
    policy: QuestionsPolicy


async def draw(tx: Tx, *, seed: str = "", now: datetime | None = None) -> int:
    """Draw from what ended before today and stood in no draw yet; returns how many are to be called.

    Once a day: when today's draw is there already, nothing happens. `seed` is fresh unless it is given.
    """
    now = now or tx.now
    until = due_at(shanghai_date(now) - DAY)
    last = await store.last_draw_until(tx)
    if last is not None and last >= until:
        return 0
    policy = await policies.in_force(tx, "callback", "sampling", shanghai_date(now))
    sampling = read_sampling(policy.body)
    since = until - timedelta(days=sampling.look_back_days)
    bad_max = (await marks_on(tx, now)).rules.bad_max
    silent = int(timedelta(days=sampling.silent_days).total_seconds())
    rows = {
        row["suborder_id"]: row
        for row in await store.read_candidates(tx, since, until, sampling.ended, silent, bad_max)
    }
    seed = seed or secrets.token_hex(16)
    chosen = rules.choose(seed, [_candidate(dict(row)) for row in rows.values()], sampling)
    drawn = [one for one in chosen if one.is_drawn]
    draw_id = new_id()
    first = await store.insert(tx, "callback_draws", {
        "draw_id": draw_id, "until_at": until, "drawn_at": now, "seed": seed, "policy_version": policy.version,
        "candidates": len(chosen), "drawn": len(drawn),
    })  # fmt: skip
    if not first:
        return 0
    await store.insert_candidates(tx, [
        (one.candidate.suborder_id, draw_id, rows[one.candidate.suborder_id]["ended_at"],
         [factor.value for factor in one.candidate.factors], one.number_ppm, one.share_ppm, one.is_drawn)
        for one in chosen
    ])  # fmt: skip
    for one in drawn:
        row = rows[one.candidate.suborder_id]
        await store.insert(tx, "callbacks", {
            "callback_id": new_id(), "draw_id": draw_id, **{name: row[name] for name in OWN},
            "ended_state": row["state"], "factors": [factor.value for factor in one.candidate.factors],
            "state": CallState.WAITING.value, "drawn_at": now,
        })  # fmt: skip
    return len(drawn)


def _candidate(row: Mapping[str, object]) -> Candidate:
    return Candidate(UUID(str(row["suborder_id"])), tuple(factor for factor in Factor if row[factor.value]))


async def questions_on(tx: ReadTx, now: datetime) -> QuestionsPolicy:
    """What is asked today."""
    policy = await policies.in_force(tx, "callback", "questions", shanghai_date(now))
    return read_questions(policy.version, policy.body)


async def get(tx: ReadTx, callback_id: UUID) -> CallView:
    """One call-back. Refuses `not-found`."""
    row = await store.read_callback(tx, callback_id)
    if row is None:
        raise Refusal("not-found")
    drawn = await store.read_draw_of(tx, row["suborder_id"])
    assert drawn is not None, "who is called was drawn"
    at = row["done_at"] or tx.now
    return CallView(row, drawn, await store.read_attempts(tx, callback_id), await questions_on(tx, at))


async def note_call(
    tx: Tx, callback_id: UUID, heard: Heard | None, *, category: str = "", by: Seat, now: datetime
) -> UUID:
    """One try: what the firm said, or None when nobody was there. With the firm's word it opens a complaint, too.

    Refuses `not-found`, `wrong-state` when it is done, `malformed-field`, and what filing a complaint refuses.
    """
    if tx.role is Role.ACT:
        await tx.narrow(case_id=callback_id)
    row = await store.lock_callback(tx, callback_id)
    if row is None or by.role is not SeatRole.SERVICE:
        raise Refusal("not-found")
    policy = await questions_on(tx, now)
    verdict = rules.judge_call(CallState(row["state"]), row["attempts"], heard, policy.rules)
    if not isinstance(verdict, Called):
        raise Refusal(verdict.code, "请回答每一个问题。" if verdict.why is rules.Why.TAGS else DETAILS[verdict.why])
    said, answers = (heard.said, heard.answers) if heard else ("", {})
    await store.save_call(tx, row, verdict.state, verdict.attempts, answers, said, by.person_id, now)
    outcome = Outcome.REACHED if heard else Outcome.UNREACHABLE
    await store.insert(tx, "callback_attempts", {
        "callback_id": callback_id, "n": verdict.attempts, "at": now, "outcome": outcome.value,
        "by_person": by.person_id,
    })  # fmt: skip
    if verdict.state is not CallState.WAITING:
        facts = {name: row[name] for name in OWN if name != "subject_id"}
        result = verdict.state.value
        await outbox.record(
            tx, events.CallbackDone(stream_id=callback_id, at=now, callback_id=callback_id, result=result, **facts)
        )
    detail = {"callback_id": str(callback_id), "outcome": outcome.value}
    await audit.write(tx, "callback.call", subject_id=row["subject_id"], case_id=row["order_id"], detail=detail)
    if heard is not None and heard.complains:
        await _complain(tx, row, heard, category, by, now)
    return callback_id


async def _complain(tx: Tx, row: Record, heard: Heard, category: str, by: Seat, now: datetime) -> None:
    about = complaints.About(
        row["business_id"], row["subject_id"], row["bank_id"], row["branch_id"], row["suborder_id"], row["order_id"]
    )
    complaint_id = new_id()
    await store.note_complaint(tx, row["callback_id"], complaint_id)
    await complaints.file_complaint(
        tx, complaint_id, about, category=category, said=heard.said, by=by, now=now, callback_id=row["callback_id"]
    )
