"""The branch's inbox by working time left: narrowed, searched, sorted; what stands beside a row; saved filters."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from app.access.seats import Seat
from app.credit import grading, subjects
from app.infra.db import ReadTx, Record, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market import parties
from app.market.orders.events import SuborderPushed
from app.market.orders.rules.stages import AFTER, LIVE, STAGES, states_of
from app.market.orders.service.desk import TimeLeft, time_left
from app.market.orders.store import desk as store
from app.market.orders.store.desk import Key, Narrowed
from app.office import clocks, proposals

WAITING_MAX: Final = 500  # Proposals of one branch that wait at once; more would be a case for the head office.
FILTERS_MAX: Final = 20  # Saved by one person.
REMOVED_KEPT: Final = timedelta(days=1)  # How long a removed filter can be brought back.
_NUMBER: Final = re.compile("[0-9a-f]{6,32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person asked to see. `typed`: some letters of a name, of an organisation code or of an order's number."""

    stage: str = ""
    due: str = ""
    flag: str = ""
    product_id: UUID | None = None
    branch_id: UUID | None = None
    typed: str = ""
    order: str = "due_at"


@dataclass(frozen=True, slots=True)
class DeskLine:
    """One row of the inbox. `grade` is the public one on arrival, None until it was made."""

    row: Record
    firm: str
    product: parties.Product
    branch: parties.Branch
    left: TimeLeft
    is_proposed: bool
    grade: Record | None

    @property
    def key(self) -> Key:
        return self.row["key"], self.row["suborder_id"]


@dataclass(frozen=True, slots=True)
class DeskCounts:
    late: int
    today: int
    by_stage: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Inbox:
    lines: Sequence[DeskLine]
    counts: DeskCounts
    after: Key | None


@dataclass(frozen=True, slots=True)
class Neighbour:
    suborder_id: UUID
    firm: str
    key: Key


async def read(tx: ReadTx, wanted: Wanted, *, by: Seat, after: Key | None, limit: int) -> Inbox:
    """The caller's branch (head office: all branches) by working time left, narrowed as asked."""
    today = shanghai_date(tx.now)
    waiting = {one.case_id for one in await proposals.find(tx, by=by, limit=WAITING_MAX)}
    asked = await _narrowed(tx, wanted, waiting)
    counts = await store.read_counts(tx, LIVE, now=tx.now, today=today)
    if wanted.stage in AFTER:
        rows = await store.read_ended(tx, asked, after=after, limit=limit)
    else:
        rows = await store.read_page(
            tx, LIVE, asked, order=wanted.order, now=tx.now, today=today, after=after, limit=limit
        )
    more = (rows[-1]["key"], rows[-1]["suborder_id"]) if len(rows) == limit else None
    return Inbox(await _lines(tx, rows, waiting), _counted(counts), more)


async def lines_of(tx: ReadTx, suborder_ids: Sequence[UUID]) -> list[DeskLine]:
    """These rows, as far as the caller may see them, without their time left."""
    return await _lines(tx, await store.read_rows(tx, suborder_ids), set())


async def beside(tx: ReadTx, wanted: Wanted, *, by: Seat, at: Key) -> Mapping[str, Neighbour]:
    """What stands before (`previous`) and after (`next`) a place of a list of things in hand."""
    waiting = {one.case_id for one in await proposals.find(tx, by=by, limit=WAITING_MAX)} if wanted.flag else ()
    found = await store.read_neighbours(
        tx, LIVE, await _narrowed(tx, wanted, waiting), order=wanted.order, now=tx.now, today=shanghai_date(tx.now),
        at=at,
    )  # fmt: skip
    names = await subjects.names_of(tx, [row["subject_id"] for row in found.values()])
    return {
        side: Neighbour(row["suborder_id"], names.get(row["subject_id"], ""), (row["key"], row["suborder_id"]))
        for side, row in found.items()
    }


async def _narrowed(tx: ReadTx, wanted: Wanted, waiting: Sequence[UUID] | set[UUID]) -> Narrowed:
    states = states_of(wanted.stage)
    found: list[UUID] | None = None
    number = re.sub(r"[\s-]", "", wanted.typed).lower()
    if wanted.typed:
        theirs = await store.read_desk_subjects(tx, states)
        found = list(await subjects.names_of(tx, theirs, containing=wanted.typed))
    return Narrowed(
        states, branch_id=wanted.branch_id, product_id=wanted.product_id, due=wanted.due, flag=wanted.flag,
        proposed=tuple(waiting), subject_ids=found, number=number if _NUMBER.fullmatch(number) else "",
    )  # fmt: skip


async def _lines(tx: ReadTx, rows: Sequence[Record], waiting: set[UUID]) -> list[DeskLine]:
    names = await subjects.names_of(tx, [row["subject_id"] for row in rows])
    products = {key: await parties.shelf.get_product(tx, key) for key in {row["product_id"] for row in rows}}
    branches = {key: await parties.shelf.get_branch(tx, key) for key in {row["branch_id"] for row in rows}}
    grades = await store.read_grades(tx, [row["suborder_id"] for row in rows])
    _, calendar = await clocks.calendar_on(tx, shanghai_date(tx.now))
    return [
        DeskLine(
            row, names.get(row["subject_id"], ""), products[row["product_id"]], branches[row["branch_id"]],
            time_left(row, calendar, tx.now), row["suborder_id"] in waiting, grades.get(row["suborder_id"]),
        )
        for row in rows
    ]  # fmt: skip


def _counted(counts: Mapping[str, tuple[int, int, int]]) -> DeskCounts:
    by_stage = {stage: sum(counts[s][0] for s in states if s in counts) for stage, states in STAGES.items()}
    return DeskCounts(
        sum(late for _parts, late, _today in counts.values()), sum(today for _parts, _late, today in counts.values()),
        by_stage,
    )  # fmt: skip


async def grade_of(tx: ReadTx, suborder_id: UUID) -> Record | None:
    """The public grade of a suborder's firm on arrival; None until it was made."""
    return (await store.read_grades(tx, [suborder_id])).get(suborder_id)


async def keep_grade(tx: Tx, event: SuborderPushed) -> None:
    """After a suborder has come to a branch: note the firm's public grade as of then. The worker's, who may read all
    that it rests on; repeating it changes nothing."""
    subject_id = await store.read_suborder_subject(tx, event.suborder_id)
    try:
        found = await grading.grade(tx, subject_id, as_of=event.at)
    except Refusal as refusal:
        if refusal.code != "policy-missing":
            raise
        return  # No formula was in force then: the order has no grade.
    await store.insert_grade(
        tx, event.suborder_id, found.grade.value, is_thin=found.thin_file, version=found.formula_version, at=event.at
    )


async def filters(tx: ReadTx, person_id: UUID) -> Sequence[Record]:
    """What a person has saved, oldest first: name and query."""
    return await store.read_filters(tx, person_id)


async def removed_filter(tx: ReadTx, filter_id: UUID) -> Record | None:
    """A filter of one's own that was removed and can still be brought back."""
    row = await store.read_filter(tx, filter_id)
    return row if row is not None and row["removed_at"] is not None else None


async def save_filter(tx: Tx, name: str, query: str, *, by: Seat, now: datetime) -> UUID:
    """Keep a filter under a name; the same name again replaces it. Refuses `terms-out-of-range` beyond the most."""
    await store.forget_filters(tx, by.person_id, now - REMOVED_KEPT)
    if len([one for one in await store.read_filters(tx, by.person_id) if one["name"] != name]) >= FILTERS_MAX:
        raise Refusal("terms-out-of-range", "最多保存 20 个筛选，请先删除不用的。")
    filter_id = new_id()
    await store.save_filter(tx, filter_id, by.person_id, name, query, now)
    return filter_id


async def remove_filter(tx: Tx, filter_id: UUID, *, now: datetime) -> UUID:
    """Take a filter of one's own away. Refuses `not-found`."""
    if not await store.remove_filter(tx, filter_id, now):
        raise Refusal("not-found")
    return filter_id


async def restore_filter(tx: Tx, filter_id: UUID) -> UUID:
    """Bring a removed filter back. Refuses `not-found`, and `already-exists` when its name was taken since."""
    if await store.read_filter(tx, filter_id) is None:
        raise Refusal("not-found")
    if not await store.restore_filter(tx, filter_id):
        raise Refusal("already-exists", "已有同名的筛选。")
    return filter_id
