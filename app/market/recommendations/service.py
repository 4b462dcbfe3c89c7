"""Putting firms on a list of recommendations, and asking whether one is on it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from app.access import audit, orgs
from app.access.seats import Seat, SeatRole
from app.credit import subjects
from app.infra import outbox
from app.infra.db import ReadTx, Record, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market.recommendations import store
from app.market.recommendations.events import FirmRecommended
from app.market.recommendations.rules import CRITERIA, Fault, Recommendation, read_list, told_of
from app.office import policies


async def live_of(tx: ReadTx, subject_id: UUID, *, now: datetime, days: int) -> Recommendation | None:
    """The firm's newest recommendation, while an order may be posted under it: `days` from the recommendation on."""
    found = await store.read_newest(tx, subject_id)
    return found if found is not None and found.recommended_at <= now < found.recommended_at + timedelta(days) else None


async def newest(tx: ReadTx, *, after: tuple[datetime, UUID] | None = None, limit: int = 50) -> Sequence[Record]:
    """Recommendations, the newest first, beyond `after` (recommended_at, recommendation_id)."""
    return await store.read_page(tx, after, limit)


async def days_to_post(tx: ReadTx) -> int:
    """For how many days after the recommendation an order may be posted under it, by the dated policy `lending`."""
    return int((await policies.in_force(tx, "lending", "terms", shanghai_date(tx.now))).body["recommended_days"])


async def weigh_list(tx: ReadTx, text: str) -> tuple[Fault, ...]:
    """Every fault for which a list would not be taken."""
    lines, faults = read_list(text)
    if faults:
        return faults
    known = [await subjects.find_by_uscc(tx, line.uscc.text) for line in lines]
    return tuple(
        Fault(line.line, "unknown", line.uscc.text)
        for line, subject in zip(lines, known, strict=True) if subject is None
    )  # fmt: skip


async def import_list(tx: Tx, text: str, *, by: Seat, now: datetime) -> int:
    """Put every firm of a list on it, all or nothing; how many. Refuses `file-refused` with the lines at fault."""
    faults = await weigh_list(tx, text)
    if faults:
        raise Refusal("file-refused", lines=told_of(faults))
    list_id, source = new_id(), "regulator" if by.role is SeatRole.REGULATOR else "operator"
    rows = []
    for line in read_list(text)[0]:
        subject = await subjects.find_by_uscc(tx, line.uscc.text)
        assert subject is not None, "it was weighed"
        rows.append(
            (new_id(), subject.subject_id, list_id, list(CRITERIA), source, subject.district_code, now, by.person_id)
        )
    await store.insert(tx, rows)
    for recommendation_id, subject_id, *_ in rows:
        account = await orgs.find_org_by_subject(tx, subject_id)
        await outbox.record(
            tx,
            FirmRecommended(
                stream_id=subject_id, at=now, recommendation_id=recommendation_id, subject_id=subject_id,
                business_id=None if account is None else account.org_id, source=source,
            ),
        )  # fmt: skip
    await audit.write(tx, "recommendations.import", case_id=list_id, detail={"firms": str(len(rows)), "source": source})
    return len(rows)
