"""Every truth holds on a history played through the services, and each is seen to break on a planted fault."""

import json
from datetime import date, timedelta
from uuid import UUID

import asyncpg

from app.access.orgs import OrgKind
from app.access.seats import SeatRole
from app.credit import consents
from app.infra.db import Database, ReadTx, Role, Scope, Tx
from app.invariants import TRUTHS, check_all
from app.kernel.clock import WALL
from app.kernel.ids import new_id
from app.market import complaints, orders, ratings, supervision
from app.market.complaints.service import about_suborder
from app.market.supervision.jobs import measure
from app.replay import replay_sla
from tests.market.orders.conftest import WAN, City, city, keys  # noqa: F401 — fixtures
from tests.market.oversight.objects import oversee
from tests.market.supervision.objects import freeze_month
from tests.support import shanghai
from tests.web.app_for_tests import make_org, make_seat

LATE = shanghai("2025-11-24 10:00")


async def play(city: City) -> None:  # noqa: F811
    """Three orders: one drawn in part, one refused by nobody's answer, one whose consent is taken back."""
    first_id = await city.post(0, 1, 2)
    parts = [row["suborder_id"] for _, row in sorted((await city.parts(first_id)).items())]
    await city.accept(parts[0], 0, shanghai("2025-09-25 09:00"))
    await city.accept(parts[1], 1, shanghai("2025-09-25 10:00"))
    await city.contact(parts[0], 0, shanghai("2025-09-25 11:00"))
    await city.offer(parts[0], 0, shanghai("2025-09-26 09:00"))
    await city.pick(parts[0], shanghai("2025-09-26 15:00"))
    await city.contract(parts[0], 0, shanghai("2025-09-28 10:00"))
    await city.draw(parts[0], 0, shanghai("2025-09-29 10:00"), 15 * WAN)
    second_id = await city.post(0, 1, places=1, at=shanghai("2025-09-29 11:00"))
    await city.work(shanghai("2025-10-10 09:00"))
    third_id = await city.post(2, at=shanghai("2025-10-13 11:00"))
    third = (await city.parts(third_id))[2]
    await city.accept(third["suborder_id"], 2, shanghai("2025-10-13 15:00"))
    await consents.revoke(
        city.db, third["consent_id"], order_id=third_id, by=city.firm, now=shanghai("2025-10-14 09:00"),
        lock_first=orders.lock_for_revocation,
    )  # fmt: skip
    await voices(city, parts[1], second_id)
    await city.work(LATE)
    await freeze_september(city)
    assert {0: "lapsed", 1: "lapsed"} == await city.states(second_id)


async def freeze_september(city: City) -> None:  # noqa: F811
    """By two people of a supervising office, once the worker has folded what happened."""
    async with city.db.transaction(Role.WORKER) as tx:
        while await supervision.fold(tx):
            pass
    org_id = await make_org(city.db, OrgKind.REGULATOR, "XY 监管局")
    pair = [await make_seat(city.db, SeatRole.REGULATOR, org_id, login=f"freezes-{n}") for n in (1, 2)]
    await freeze_month(city.db, date(2025, 9, 1), *pair)
    bank = city.banks[0]
    await oversee(city.db, bank.bank_id, bank.branch_id, (pair[0], pair[1]))
    async with city.db.transaction(Role.WORKER) as tx:
        while await measure(tx):
            pass


async def broken(db: Database) -> dict[str, tuple[str, ...]]:
    """The truths that do not hold, with their lines."""
    return {one.name: one.broken for one in await check_all(db) if one.broken}


async def test_every_truth_holds_on_a_history_of_the_services(city: City, db: Database) -> None:  # noqa: F811
    """What the services write is what the truths say."""
    await play(city)

    assert {} == await broken(db)


async def test_the_regulators_figures_equal_the_replay_on_a_history_of_the_services(
    city: City,  # noqa: F811
    db: Database,
) -> None:
    """P10 on real acts: accept, offer, sign, draws, lapse, revocation, and a decision that never came."""
    await play(city)

    found = await replay_sla(db, as_of=LATE)

    whole = {row.figure: (row.value, row.of) for row in found.rows if row.by == "all"}
    assert () == found.differences
    assert (15 * WAN, 1) == whole["paid_out_fen"]
    assert (40 * WAN, 1) == whole["signed_fen"]
    assert (3, 5) == whole["accepted"]


async def test_a_revocation_whose_process_died_is_finished_with_its_suborder(
    city: City,  # noqa: F811
    db: Database,
) -> None:
    """The gate alone ended access; the worker ends the suborder and writes the instant, locks in their order."""
    order_id = await city.post(0)
    part = (await city.parts(order_id))[0]
    await city.accept(part["suborder_id"], 0, shanghai("2025-09-25 09:00"))
    at = shanghai("2025-09-25 10:00")
    await consents.close_gate(db, part["consent_id"], order_id=order_id, by=city.firm, now=at)

    finished = await consents.finish_revocations(db, lock_first=orders.lock_for_revocation, grace=timedelta(0))

    assert finished == 1
    assert {0: "withdrawn"} == await city.states(order_id)
    assert {} == await broken(db)


async def voices(city: City, passed_over_id: UUID, second_id: UUID) -> None:  # noqa: F811
    """The firm complains of a bank, gives another one star, and half of what ended is drawn to be called back."""
    at = shanghai("2025-10-14 11:00")
    lapsed_id = (await city.parts(second_id))[0]["suborder_id"]
    seed = next(seed for seed in map(str, range(99)) if ratings.number_of(seed, lapsed_id) < 500_000)

    async def complain(tx: Tx) -> None:
        about = await about_suborder(tx, passed_over_id, by=city.firm)
        await complaints.file_complaint(
            tx, new_id(), about, category="no_contact", said="两个星期没有人联系我们公司", by=city.firm, now=at
        )

    await city.act(complain, city.firm, at)
    await city.act(lambda tx: ratings.rating.rate(tx, lapsed_id, 1, by=city.firm, now=at), city.firm, at)
    async with city.db.transaction(Role.WORKER) as tx:
        await ratings.calling.draw(tx, seed=seed, now=at)


FAULTS = [
    ("complaints_follow_their_moves", "update complaints set state = 'answered'"),
    ("complaints_follow_their_moves", "update complaints set late = '{COMPLAINT}'"),
    ("complaints_follow_their_moves", "delete from clocks where kind = 'COMPLAINT'"),
    ("complaints_follow_their_moves", "update complaint_moves set from_state = 'answered'"),
    ("bad_ratings_are_followed_up", "update ratings set worst = 1, stars = 5"),
    ("bad_ratings_are_followed_up", "delete from work_orders"),
    ("bad_ratings_are_followed_up", "update clocks set stopped_at = due_at where kind = 'RATING_FOLLOW'"),
    ("callbacks_can_be_drawn_again", "update callback_draws set seed = '01'"),
    ("callbacks_can_be_drawn_again", "update callback_candidates set is_drawn = not is_drawn"),
    ("callbacks_can_be_drawn_again", "delete from callbacks"),
    ("callbacks_can_be_drawn_again",
     "delete from callback_candidates where suborder_id = (select min(suborder_id::text)::uuid from callbacks)"),
    ("running_clocks_have_live_suborders",
     "update clocks set state = 'running', stopped_at = null where clock_id = (select c.clock_id from clocks c"
     " join suborders s on s.suborder_id = c.case_id where s.state = 'withdrawn' and c.kind = 'DECISION')"),
    ("outstanding_equals_ledger",
     "insert into loan_entries (entry_id, suborder_id, order_id, business_id, bank_id, branch_id, kind, amount_fen,"
     " told_on, recorded_at, made_by) select gen_random_uuid(), suborder_id, order_id, business_id, bank_id, branch_id,"
     " 'repayment', 10000000000, '2025-10-20', now(), bank_id from suborders where state = 'paying'"),
    ("pools_equal_entries", "update pools set held_fen = held_fen + 1 where quarter = '2025-10-01'"),
    ("pools_equal_entries", "update reservations set held_fen = held_fen - 1 where closed_at is null"),
    ("accepted_suborders_have_decision_clocks", "delete from clock_pauses; delete from clocks where kind = 'DECISION'"),
    ("breaches_equal_replay", "update clocks set state = 'void', stopped_at = due_at where state = 'breached'"),
    ("breaches_equal_replay", "update clocks set due_at = due_at + interval '1 day' where state = 'breached'"),
    ("figures_equal_replay", "update suborder_moves set at = at + interval '40 days' where act = 'accept'"),
    ("kept_figures_equal_history", "delete from supervision_sums where figure = 'accepted'"),
    ("kept_figures_equal_history",
     "insert into supervision_sums values ('all', '', 'month', '2025-08-01', 'accepted', 0, 1, 1)"),
    ("frozen_months_stand", "update supervision_months set formula = formula + 1"),
    ("frozen_months_stand", "delete from supervision_frozen_facts where figure = 'accepted'"),
    ("frozen_months_equal_replay",
     "update supervision_frozen_figures set value = value + 1 where figure = 'funnel:push' and \"by\" = 'bank'"),
    ("events_are_sealed", "insert into audit_leaves values (0, 0, 1, sha256('x'), sha256('x'))"),
    ("package_reads_are_audited",
     "insert into package_reads (read_id, package_id, order_id, suborder_id, business_id, bank_id, branch_id,"
     " consent_id, person_id, manner, size_bytes, read_at) select gen_random_uuid(), package_id, order_id, suborder_id,"
     " business_id, bank_id, branch_id, consent_id, bank_id, 'page', 1, now() from packages limit 1"),
    ("reports_have_consent",
     "insert into audit_events (recorded_at, business_at, org_id, act, subject_id, request_id, detail)"
     " select now(), now(), bank_id, 'report.read', bank_id, '', '{}' from banks limit 1"),
    ("reports_have_consent", "update consents set data_classes = '{tax}'"),
    ("states_equal_last_moves", "update suborders set state = 'signed' where state = 'paying'"),
    ("states_equal_last_moves",
     "delete from suborder_moves where seq = (select max(seq) from suborder_moves where act = 'contact')"),
    ("urges_follow_their_moves", "update urges set state = 'received' where state = 'rectified'"),
    ("urges_follow_their_moves", "update clocks set stopped_at = null where case_kind = 'urge' and state = 'met'"),
    ("circulars_stand_as_published", "update circulars set document = jsonb_set(document, '{said}', '\"x\"')"),
    ("circulars_stand_as_published", "update circulars set title = 'x'"),
    ("circulars_stand_as_published", "update circular_named set state = 'accepted', judged_at = answered_at"),
    ("circulars_stand_as_published", "delete from circular_named"),
    ("conduct_equals_history", "update gaming_sums set value = value + 1 where measure = 'after_red'"),
    ("conduct_equals_history", "delete from gaming_sums where measure = 'paused'"),
    ("transitions_equal_rules", "insert into suborder_transitions values ('refused', 'accept', 'accepted')"),
    ("transitions_equal_rules", "delete from suborder_transitions where from_state = 'signed' and act = 'let_go'"),
    ("gates_precede_revocations", "delete from consent_gates"),
    ("gates_precede_revocations", "update consents set revoked_at = null"),
    ("live_suborders_have_consent",
     "update suborders set state = 'accepted' where state = 'withdrawn'"),
    ("holds_belong_to_live_suborders", "update suborders set state = 'serviced' where state = 'paying'"),
    ("draws_stay_inside_contracts", "update draws set amount_fen = amount_fen * 10"),
    ("draws_stay_inside_contracts", "update contracts set amount_fen = amount_fen * 10"),
    ("draws_stay_inside_contracts", "update suborders set paid_fen = paid_fen - 1 where paid_fen > 0"),
    ("draws_stay_inside_contracts", "update suborders set signed_fen = signed_fen - 1 where signed_fen > 0"),
    ("draws_stay_inside_contracts", "update draws set draw_id = gen_random_uuid()"),
    ("ended_orders_have_no_live_suborder",
     "update suborders set state = 'accepted' where suborder_id = (select s.suborder_id from suborders s"
     " join orders o using (order_id) where o.end_state is not null limit 1)"),
    ("ended_orders_have_no_live_suborder",
     "update orders set end_state = case end_state when 'refused' then 'lapsed' else 'refused' end"
     " where end_state is not null"),
    ("ended_orders_have_no_live_suborder", "update orders set amount_fen = amount_fen + 1"),
]  # fmt: skip


async def test_each_planted_fault_breaks_its_truth(
    city: City,  # noqa: F811
    admin: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    """A truth that never breaks says nothing. Each fault is planted in a transaction that is rolled back."""
    await play(city)
    await admin.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
    await admin.execute("set session_replication_role = replica")
    silent = []

    for name, fault in FAULTS:
        planting = admin.transaction()
        await planting.start()
        await admin.execute(fault)
        tx = ReadTx(admin, Role.REPORTER, Scope(), LATE, WALL.now() + timedelta(hours=1))  # type: ignore[arg-type]
        if not await TRUTHS[name].find_broken(tx):
            silent.append((name, fault))
        await planting.rollback()

    assert [] == silent


def test_every_truth_has_a_planted_fault() -> None:
    """A new truth can't be forgotten here, and each says in its docstring what it holds."""
    assert set(TRUTHS) == {name for name, _ in FAULTS}
    assert all(module.__doc__ for module in TRUTHS.values())
