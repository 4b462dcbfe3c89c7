"""Rows put aside as a work list: by cause and value, marked and unmarked, each provider its own."""

from datetime import date
from uuid import UUID

import pytest

from app.access.orgs import OrgKind
from app.access.seats import Seat, SeatRole
from app.credit.ingestion import Fault, FileKind, load_waiting, service
from app.credit.ingestion.service import quarantine, scores
from app.credit.ingestion.service.quarantine import Chosen
from app.infra.db import Database, Role, Scope
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from tests.credit.ingestion.dirt import REGISTRY, uscc
from tests.web.app_for_tests import make_org, make_seat

REST = "2019-01-02,有限责任公司,100万元,测试,重庆,{place},渝中区一路"


def scope(seat: Seat) -> Scope:
    return Scope(org_id=seat.org_id, actor_id=seat.person_id)


async def officer_of(db: Database, login: str) -> Seat:
    return await make_seat(db, SeatRole.DATA_OFFICER, await make_org(db, OrgKind.DEPARTMENT), login=login)


async def load(db: Database, by: Seat, first: int, as_of_on: date | None = None) -> UUID:
    """One plain row, two of an unknown place, one without a code."""
    rows = [
        f"示例{first}号有限公司,{uscc(first)},{REST.format(place='渝中区')}",
        f"示例{first + 1}号有限公司,{uscc(first + 1)},{REST.format(place='渝北新区')}",
        f"示例{first + 2}号有限公司,{uscc(first + 2)},{REST.format(place='渝北新区')}",
        f"示例{first + 3}号有限公司,,{REST.format(place='渝中区')}",
    ]
    content = "\n".join((REGISTRY, *rows)).encode()
    async with db.transaction(Role.OPS, scope(by)) as tx:
        batch = await service.store_batch(
            tx, FileKind.REGISTRY, f"{first}.csv", content, now=tx.now, provider_id=by.org_id, as_of_on=as_of_on
        )
    await load_waiting(db)
    return batch.batch_id


async def test_the_same_value_is_one_piece_of_work(db: Database):
    """Two files and four rows with one spelling: one line, with a known spelling that is much like it."""
    officer = await officer_of(db, "xy-officer")
    await load(db, officer, 1)
    await load(db, officer, 11)

    async with db.reading(Role.OPS, scope(officer)) as tx:
        causes = await quarantine.causes(tx, Chosen())
        (value,) = await quarantine.values(tx, Chosen(), Fault.PLACE_UNKNOWN, is_open=True, after=None, most=9)

    assert [(one.fault, one.open) for one in causes] == [(Fault.PLACE_UNKNOWN, 4), (Fault.USCC_MISSING, 2)]
    assert (value.original, value.rows, value.files, value.suggestion, value.likeness) == (
        "渝北新区", 4, 2, "渝北区", True,
    )  # fmt: skip


async def test_a_mark_takes_rows_off_the_list_and_undo_brings_them_back(db: Database):
    """Within what the list was narrowed to; twice marks nothing more."""
    officer = await officer_of(db, "xy-officer")
    batch_id = await load(db, officer, 1)
    await load(db, officer, 11)
    chosen = Chosen(batch_id=batch_id)

    async with db.transaction(Role.OPS, scope(officer)) as tx:
        act = (tx, chosen, Fault.PLACE_UNKNOWN, None, "mended")
        mark_id, rows = await quarantine.mark_rows(*act, by=officer, now=tx.now)
        with pytest.raises(Refusal) as twice:
            await quarantine.mark_rows(*act, by=officer, now=tx.now)
        after = {one.fault: one.open for one in await quarantine.causes(tx, Chosen())}
    async with db.transaction(Role.OPS, scope(officer)) as tx:
        undone = await quarantine.unmark_rows(tx, mark_id)
        at_last = {one.fault: one.open for one in await quarantine.causes(tx, Chosen())}

    assert (rows, twice.value.code, undone) == (2, "wrong-state", 2)
    assert (after[Fault.PLACE_UNKNOWN], at_last[Fault.PLACE_UNKNOWN]) == (2, 4)


async def test_only_the_ticked_values_are_marked(db: Database):
    """A value's name in the form is of its column and text, and means nothing else."""
    officer = await officer_of(db, "xy-officer")
    await load(db, officer, 1)

    async with db.transaction(Role.OPS, scope(officer)) as tx:
        with pytest.raises(Refusal) as none:
            await quarantine.mark_rows(
                tx, Chosen(), Fault.PLACE_UNKNOWN, ["0" * 32], "kept", by=officer, now=tx.now
            )  # fmt: skip
        (value,) = await quarantine.values(tx, Chosen(), Fault.PLACE_UNKNOWN, is_open=True, after=None, most=9)
        _, rows = await quarantine.mark_rows(
            tx, Chosen(), Fault.PLACE_UNKNOWN, [value.pick], "kept", by=officer, now=tx.now
        )

    assert (none.value.code, rows) == ("wrong-state", 2)


async def test_a_department_sees_and_marks_its_own_alone(db: Database):
    """Neither the rows nor the marks of another; what is asked for by name is not there."""
    officer, other = await officer_of(db, "xy-officer"), await officer_of(db, "xy-other")
    batch_id = await load(db, officer, 1)
    async with db.transaction(Role.OPS, scope(officer)) as tx:
        mark_id, _ = await quarantine.mark_rows(
            tx, Chosen(), Fault.USCC_MISSING, None, "kept", by=officer, now=tx.now
        )  # fmt: skip

    async with db.transaction(Role.OPS, scope(other)) as tx:
        seen = await quarantine.causes(tx, Chosen()), await quarantine.causes(tx, Chosen(batch_id=batch_id))
        acts = await quarantine.acts(tx)
        codes = []
        for act in (
            quarantine.mark_rows(
                tx, Chosen(batch_id=batch_id), Fault.PLACE_UNKNOWN, None, "kept", by=other, now=tx.now
            ),
            quarantine.unmark_rows(tx, mark_id),
        ):
            with pytest.raises(Refusal) as refused:
                await act
            codes.append(refused.value.code)

    assert (seen, acts, codes) == (([], []), [], ["wrong-state", "not-found"])


async def test_a_score_counts_one_provider_in_one_month(db: Database):
    """Beside the month before, in which nothing came; another's files are not in it."""
    officer, other = await officer_of(db, "xy-officer"), await officer_of(db, "xy-other")
    async with db.reading(Role.OPS, scope(officer)) as tx:
        today = shanghai_date(tx.now)
    await load(db, officer, 1, as_of_on=today)
    await load(db, other, 11)

    async with db.reading(Role.OPS, scope(officer)) as tx:
        found = await scores.score(tx, today.replace(day=1), None)

    now, before = found.now, found.before
    assert (now.files, now.rows, now.accepted, now.quarantined, now.dated, now.age_days) == (1, 4, 1, 3, 1, 0)
    assert (before.files, before.rows, before.age_days, now.share_ppm(now.quarantined)) == (0, 0, None, 750_000)
    assert found.causes == [(Fault.PLACE_UNKNOWN, 2, 0), (Fault.USCC_MISSING, 1, 0)]
