"""Asking for a reckoning, and reading what came of it."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from app.access import audit
from app.access.seats import Seat
from app.infra.db import ReadTx, Record, Tx
from app.kernel.clock import SHANGHAI, shanghai_date
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market.reckonings import store
from app.market.reckonings.schemas import NightlyBody, Reckoning, WhatIfBody
from app.office import policies

SHOWN: Final = 20
OPEN_MAX: Final = 5  # Questions that wait at once: each takes the worker some seconds.


async def bounds(tx: ReadTx) -> NightlyBody:
    policy = await policies.in_force(tx, "reckoning", "nightly", shanghai_date(tx.now))
    return NightlyBody.model_validate(dict(policy.body))


async def ask_what_if(tx: Tx, asked: WhatIfBody, *, by: Seat) -> UUID:
    """Have the past judged under another promise. Refuses `terms-out-of-range`, `bad-time`, `rate-limited`."""
    allowed = await bounds(tx)
    if asked.limit > allowed.limit_max or asked.pause_cap > allowed.limit_max:
        raise Refusal("terms-out-of-range", "时限或停表上限太长。", most=allowed.limit_max)
    if not asked.from_on <= asked.to_on <= shanghai_date(tx.now):
        raise Refusal("bad-time", "起止日期须先后相接，且不晚于今天。")
    if asked.to_on - asked.from_on > timedelta(days=allowed.days_max):
        raise Refusal("bad-time", "一次推演的期间太长，请分段进行。", days_max=allowed.days_max)
    return await _ask(tx, "what_if", asked.model_dump(mode="json"), by)


async def ask_check(tx: Tx, *, by: Seat | None) -> UUID:
    """Have every figure reckoned a second time; the nightly one is asked by nobody."""
    return await _ask(tx, "check", {}, by)


async def _ask(tx: Tx, kind: str, body: dict[str, object], by: Seat | None) -> UUID:
    if by is not None and await store.count_open(tx) >= OPEN_MAX:
        raise Refusal("rate-limited", "还有几项复算在排队，请稍后再来。", retry_after=30)
    reckoning_id = new_id()
    await store.insert(tx, reckoning_id, kind, body, None if by is None else by.person_id, tx.now)
    await audit.write(tx, f"reckoning.{kind}", detail={name: str(value) for name, value in body.items()})
    return reckoning_id


async def ask_nightly(tx: Tx) -> bool:
    """Ask for the night's check once a day, from the policy's hour on; whether it was due."""
    here = tx.now.astimezone(SHANGHAI)
    newest = next(iter(await store.read_newest(tx, "check", 1)), None)
    if here.hour < (await bounds(tx)).hour:
        return False
    if newest is not None and shanghai_date(newest["asked_at"]) >= here.date():
        return False
    await ask_check(tx, by=None)
    return True


async def get(tx: ReadTx, reckoning_id: UUID) -> Reckoning:
    row = await store.read(tx, reckoning_id)
    if row is None:
        raise Refusal("not-found")
    return _reckoning(row)


async def newest(tx: ReadTx, kind: str, limit: int = SHOWN) -> tuple[Reckoning, ...]:
    """Newest first; of what-ifs the heads alone."""
    return tuple(_reckoning(row) for row in await store.read_newest(tx, kind, limit))


def _reckoning(row: Record) -> Reckoning:
    return Reckoning(**dict(row))
