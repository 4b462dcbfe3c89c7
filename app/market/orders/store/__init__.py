"""All SQL of orders. Takes a transaction, never ends one."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx
from app.market.orders.rules.facts import Bounds, Case, Listed, Loan, LoanType, Moved, Origin, Part
from app.market.orders.rules.states import TERMINAL, Clock, End, State

PART: Final = (
    "suborder_id, bank_id, branch_id, product_id, consent_id, position, state, offer_id, offered_fen, signed_fen,"
    " paid_fen, papers_open, breached, accepted_at, picked_at, signed_on, loan_type,"
    " origin, origin_id, is_carried"
)
ORDER: Final = (
    "order_id, business_id, subject_id, loan_type, amount_fen, term_months, purpose, collateral, district_code, places,"
    " until_on, until_at, posted_at, ranking_version, previous_order_id, withdrawn_at, end_state, ended_at,"
    " of_suborder_id, of_order_id, recommended_at"
)
# An order with its list, which is frozen once it is posted.
WITH_LIST: Final = (
    f"select {ORDER}, array(select l from order_listed l where l.order_id = o.order_id order by l.position) as listed"  # noqa: S608
    " from orders o where order_id = $1"
)
WITH_SUBORDERS: Final = (
    f"select w.*, array(select s from suborders s where s.order_id = w.order_id order by s.position) as suborders"  # noqa: S608
    f" from ({WITH_LIST}) w"
)
PUSH: Final = """
with pushed as (
  insert into suborders (suborder_id, order_id, business_id, bank_id, branch_id, subject_id, product_id, consent_id,
    position, state, amount_fen, term_months, purpose, collateral, district_code, until_on, deciding, pushed_at,
    loan_type, of_suborder_id, recommended_at)
  select l.suborder_id, o.order_id, o.business_id, l.bank_id, l.branch_id, o.subject_id, l.product_id, l.consent_id,
    l.position, $3, o.amount_fen, o.term_months, o.purpose, o.collateral, o.district_code, o.until_on, l.deciding, $4,
    o.loan_type, o.of_suborder_id, o.recommended_at
  from order_listed l join orders o using (order_id) where o.order_id = $1 and l.suborder_id = $2
  returning suborder_id, order_id, business_id, bank_id, branch_id)
insert into suborder_moves (suborder_id, order_id, business_id, bank_id, branch_id, from_state, act, to_state, at,
  recorded_at, cause, by_person, by_org)
select suborder_id, order_id, business_id, bank_id, branch_id, $5, $6, $3, $4, $7, $8, $9, $10 from pushed
"""


async def find_order_of(tx: ReadTx, suborder_id: UUID) -> UUID | None:
    """The order of a suborder that the caller's audience may see."""
    found: UUID | None = await tx.value("select order_id from suborders where suborder_id = $1", suborder_id)
    return found


async def read_loan_type(tx: ReadTx, suborder_id: UUID) -> LoanType:
    """The type of loan of a suborder that the caller's audience may see."""
    return LoanType(await tx.value("select loan_type from suborders where suborder_id = $1", suborder_id))


async def lock_order(tx: Tx, order_id: UUID) -> Record | None:
    """The order with its list, from now on ours alone."""
    return await tx.row(f"{WITH_LIST} for no key update of o", order_id)


async def lock_free(tx: Tx, order_ids: Sequence[UUID]) -> list[UUID]:
    """Of these orders, those that nobody else works on now; locked, by id."""
    rows = await tx.fetch(
        "select order_id from orders where order_id = any($1) order by order_id for no key update skip locked",
        order_ids,
    )
    return [row["order_id"] for row in rows]


async def read_order(tx: ReadTx, order_id: UUID) -> Record | None:
    """The order with its list."""
    return await tx.row(WITH_LIST, order_id)


async def read_order_whole(tx: ReadTx, order_id: UUID) -> Record | None:
    """The order with its list and its suborders."""
    return await tx.row(WITH_SUBORDERS, order_id)


async def read_orders(tx: ReadTx, business_id: UUID, after: tuple[datetime, UUID] | None, limit: int) -> list[Record]:
    """A firm's orders, newest first, beyond `after`."""
    return await tx.fetch(
        f"select {ORDER} from orders where business_id = $1"  # noqa: S608
        " and ($2::timestamptz is null or (posted_at, order_id) < ($2, $3))"
        " order by posted_at desc, order_id desc limit $4",
        business_id, *(after or (None, None)), limit,
    )  # fmt: skip


async def lock_parts(tx: Tx, order_id: UUID) -> list[Record]:
    """The suborders of an order that is locked already, by id."""
    sql = f"select {PART} from suborders where order_id = $1 order by suborder_id for no key update"  # noqa: S608
    return sorted(await tx.fetch(sql, order_id), key=lambda row: row["position"])


async def read_asked(tx: ReadTx, order_id: UUID) -> Mapping[UUID, frozenset[str]]:
    """Items of papers asked for so far, by suborder."""
    rows = await tx.fetch("select suborder_id, item from papers_items where order_id = $1", order_id)
    found: dict[UUID, set[str]] = {}
    for row in rows:
        found.setdefault(row["suborder_id"], set()).add(row["item"])
    return {suborder_id: frozenset(items) for suborder_id, items in found.items()}


def case_of(
    order: Record,
    bounds: Bounds,
    parts: Iterable[Record],
    held: Mapping[UUID, int],
    asked: Mapping[UUID, frozenset[str]],
    holds: Mapping[UUID, bool],
    loans: Mapping[UUID, Loan],
) -> Case:
    """The rows of an order as the rules want them.

    `held`: open reservations; `holds`: listed banks that still fit; `loans`: what the entries of a loan come to.
    """
    return Case(
        order["order_id"], order["business_id"], order["amount_fen"], order["places"], order["until_at"],
        bounds,
        tuple(_listed(row, holds) for row in order["listed"]),
        _parts(list(parts), held, asked, loans),
        order["withdrawn_at"], End(order["end_state"]) if order["end_state"] else None,
        LoanType(order["loan_type"]), order["recommended_at"],
    )  # fmt: skip


def _listed(row: Record, holds: Mapping[UUID, bool]) -> Listed:
    return Listed(
        row["suborder_id"], row["bank_id"], row["branch_id"], row["product_id"], row["consent_id"], row["position"],
        holds.get(row["suborder_id"], False),
    )  # fmt: skip


def _parts(
    rows: Sequence[Record], held: Mapping[UUID, int], asked: Mapping[UUID, frozenset[str]], loans: Mapping[UUID, Loan]
) -> tuple[Part, ...]:
    """The suborders; what was asked for once is asked for, whichever branch of the bank asked."""
    known = {row["suborder_id"]: row for row in rows}
    told = dict(asked)
    for row in rows:
        origin_id = row["origin_id"]
        while origin_id is not None:
            told[row["suborder_id"]] = told.get(row["suborder_id"], frozenset()) | asked.get(origin_id, frozenset())
            origin_id = known[origin_id]["origin_id"]
    return tuple(_part(row, held, told, loans) for row in rows)


def part_of(row: Record) -> Part:
    """A suborder's row alone, without its money: enough to say which acts its state allows."""
    return _part(row, {}, {}, {})


def _part(
    row: Record, held: Mapping[UUID, int], asked: Mapping[UUID, frozenset[str]], loans: Mapping[UUID, Loan]
) -> Part:
    who = row["suborder_id"]
    return Part(
        who, row["bank_id"], row["branch_id"], row["product_id"], row["consent_id"], row["position"],
        State(row["state"]), held.get(who, 0), row["offer_id"], row["offered_fen"], row["signed_fen"], row["paid_fen"],
        row["papers_open"], asked.get(who, frozenset()), frozenset(map(Clock, row["breached"])), row["accepted_at"],
        row["picked_at"], row["signed_on"], LoanType(row["loan_type"]), loans.get(who, Loan()),
        Origin(row["origin"]), row["origin_id"], row["is_carried"],
    )  # fmt: skip


async def insert_order(tx: Tx, columns: Mapping[str, object], listed: Sequence[Mapping[str, object]]) -> bool:
    """An order with its list, whole rows of it; False when that order is there already."""
    names = ", ".join(columns)
    places = ", ".join(f"${n}" for n in range(2, len(columns) + 2))
    touched = await tx.execute(
        f"with posted as (insert into orders ({names}) values ({places}) on conflict (order_id) do nothing"  # noqa: S608
        " returning order_id) insert into order_listed"
        " select l.* from posted, jsonb_populate_recordset(null::order_listed, $1) l",
        [{name: value if isinstance(value, dict | int) else str(value) for name, value in row.items()}
         for row in listed], *columns.values(),
    )  # fmt: skip
    assert touched in (0, len(listed)), "an order comes with its whole list"
    return touched > 0


async def push_part(
    tx: Tx, case: Case, push: Moved, by: tuple[UUID | None, UUID | None], recorded_at: datetime
) -> None:
    """A suborder and its first move. What was asked for is copied beside it, since a bank sees no order rows."""
    touched = await tx.execute(
        PUSH, case.order_id, push.part.suborder_id, push.to.value, push.at, push.part.state.value, push.act.value,
        recorded_at, push.cause, *by,
    )  # fmt: skip
    assert touched == 1, "only a listed bank is pushed"


async def insert_follower(tx: Tx, part: Part, at: datetime, why: str) -> None:
    """A suborder that follows another of its order: the same need, as it stands after its first move."""
    touched = await tx.execute(
        "insert into suborders (suborder_id, order_id, business_id, bank_id, branch_id, subject_id, product_id,"
        " consent_id, position, state, amount_fen, term_months, purpose, collateral, district_code, until_on, deciding,"
        " pushed_at, loan_type, of_suborder_id, recommended_at, accepted_at, papers_open, breached, origin, origin_id,"
        " is_carried) select $1, order_id, business_id, bank_id, $3, subject_id, product_id, consent_id, position, $4,"
        " amount_fen, term_months, purpose, collateral, district_code, until_on, deciding, $5, loan_type,"
        " of_suborder_id, recommended_at, $6, $7, $8, $9, $2, $10 from suborders where suborder_id = $2",
        part.suborder_id, part.origin_id, part.branch_id, part.state.value, at, part.accepted_at, part.papers_open,
        sorted(clock.value for clock in part.breached), why, part.is_carried,
    )  # fmt: skip
    assert touched == 1, "it follows a suborder of this order"


async def copy_request(tx: Tx, part: Part, request_id: UUID) -> None:
    """The open request of the suborder that this one follows, as its own, with the day it was asked on."""
    assert part.papers_open is not None
    touched = await tx.execute(
        "insert into papers_requests (request_id, suborder_id, order_id, business_id, bank_id, branch_id, asked_at,"
        " note) select $1, $2, order_id, business_id, bank_id, $3, asked_at, note from papers_requests"
        " where request_id = $4",
        part.papers_open, part.suborder_id, part.branch_id, request_id,
    )  # fmt: skip
    assert touched == 1, "the request was open"
    await tx.execute(
        "insert into papers_items (request_id, item, suborder_id, order_id, business_id, bank_id, branch_id)"
        " select $1, item, $2, order_id, business_id, bank_id, $3 from papers_items where request_id = $4",
        part.papers_open, part.suborder_id, part.branch_id, request_id,
    )  # fmt: skip


async def read_positions(tx: ReadTx, order_id: UUID) -> Mapping[UUID, int]:
    """The place of every suborder of an order."""
    rows = await tx.fetch("select suborder_id, position from suborders where order_id = $1", order_id)
    return {row["suborder_id"]: row["position"] for row in rows}


async def save_part(tx: Tx, before: Part, after: Part, at: datetime, cause: str) -> None:
    """Write what an act changed of a suborder; its row is locked and still in the state that was judged."""
    ended = after.state in TERMINAL
    touched = await tx.execute(
        "update suborders set state = $3, accepted_at = $4, picked_at = $5, signed_on = $6, offer_id = $7,"
        " offered_fen = $8, signed_fen = $9, paid_fen = $10, papers_open = $11, breached = $12,"
        " ended_at = case when $13 then $14 else ended_at end, cause = case when $13 then $15 else cause end"
        " where suborder_id = $1 and state = $2",
        after.suborder_id, before.state.value, after.state.value, after.accepted_at, after.picked_at, after.signed_on,
        after.offer_id, after.offered_fen, after.signed_fen, after.paid_fen, after.papers_open,
        sorted(clock.value for clock in after.breached), ended, at, cause,
    )  # fmt: skip
    assert touched == 1, "the suborder is in the state that was judged"


async def append_move(
    tx: Tx, case: Case, move: Moved, by: tuple[UUID | None, UUID | None], recorded_at: datetime
) -> None:
    part = move.part
    await tx.execute(
        "insert into suborder_moves (suborder_id, order_id, business_id, bank_id, branch_id, from_state, act, to_state,"
        " at, recorded_at, cause, by_person, by_org) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        part.suborder_id, case.order_id, case.business_id, part.bank_id, part.branch_id, part.state.value,
        move.act.value, move.to.value, move.at, recorded_at, move.cause, *by,
    )  # fmt: skip


async def set_withdrawn(tx: Tx, order_id: UUID, at: datetime) -> None:
    sql = "update orders set withdrawn_at = $2 where order_id = $1 and withdrawn_at is null"
    touched = await tx.execute(sql, order_id, at)
    assert touched == 1, "an order is withdrawn once"


async def set_ended(tx: Tx, order_id: UUID, end: End, at: datetime) -> None:
    touched = await tx.execute(
        "update orders set end_state = $2, ended_at = $3 where order_id = $1 and end_state is null",
        order_id, end.value, at,
    )  # fmt: skip
    assert touched == 1, "an order ends once"


async def insert_child(tx: Tx, table: str, case: Case, part: Part, columns: Mapping[str, object]) -> None:
    """A row about one suborder, with the columns that say whose it is."""
    whose = {
        "suborder_id": part.suborder_id, "order_id": case.order_id, "business_id": case.business_id,
        "bank_id": part.bank_id, "branch_id": part.branch_id,
    }  # fmt: skip
    await _insert(tx, table, {**whose, **columns})


async def close_papers(tx: Tx, request_id: UUID, how: str, answer: str, at: datetime) -> None:
    touched = await tx.execute(
        "update papers_requests set closed_at = $2, closed_how = $3, answer = $4"
        " where request_id = $1 and closed_at is null",
        request_id, at, how, answer,
    )  # fmt: skip
    assert touched == 1, "a request is closed once"


async def read_papers(tx: ReadTx, suborder_id: UUID) -> list[Record]:
    """Requests for papers of a suborder with their items, oldest first."""
    return await tx.fetch(
        "select r.request_id, r.asked_at, r.note, r.closed_at, r.closed_how, r.answer,"
        " array_agg(i.item order by i.item) as items"
        " from papers_requests r join papers_items i using (request_id) where r.suborder_id = $1"
        " group by r.request_id order by r.asked_at",
        suborder_id,
    )


async def read_moves(tx: ReadTx, suborder_id: UUID) -> list[Record]:
    return await tx.fetch(
        "select seq, from_state, act, to_state, at, cause, by_person, by_org from suborder_moves"
        " where suborder_id = $1 order by seq",
        suborder_id,
    )


SUBORDER: Final = (
    "suborder_id, order_id, business_id, subject_id, bank_id, branch_id, product_id, consent_id, position, state,"
    " amount_fen, term_months, purpose, collateral, district_code, until_on, deciding, pushed_at, accepted_at,"
    " picked_at, signed_on, ended_at, cause, offer_id, offered_fen, signed_fen, paid_fen, papers_open, breached,"
    " loan_type, of_suborder_id, recommended_at, origin, origin_id, is_carried"
)


async def read_suborder(tx: ReadTx, suborder_id: UUID) -> Record | None:
    sql = f"select {SUBORDER} from suborders where suborder_id = $1"  # noqa: S608
    return await tx.row(sql, suborder_id)


async def read_suborders(tx: ReadTx, order_id: UUID) -> list[Record]:
    sql = f"select {SUBORDER} from suborders where order_id = $1 order by position"  # noqa: S608
    return await tx.fetch(sql, order_id)


async def read_inbox(
    tx: ReadTx, states: Sequence[str], after: tuple[datetime, UUID] | None, limit: int
) -> list[Record]:
    """Suborders that the caller's branch or bank may see, by their next deadline; those without one last."""
    return await tx.fetch(
        f"select * from (select {SUBORDER}, coalesce(d.due_at, '9999-12-31 00:00+00') as due_at, d.due_on,"  # noqa: S608
        " d.kind as clock from suborders s left join lateral (select due_at, due_on, kind from clocks_v_clocks c where"
        " c.case_id = s.suborder_id and c.state = 'running' and c.owner = 'bank' order by due_at limit 1) d on true"
        " where state = any($1)) inbox where ($2::timestamptz is null or (due_at, suborder_id) > ($2, $3))"
        " order by due_at, suborder_id limit $4",
        list(states), *(after or (None, None)), limit,
    )  # fmt: skip


async def read_child(tx: ReadTx, table: str, suborder_id: UUID) -> Record | None:
    """The one row of a suborder in `refusals`, `retractions` or `contracts`."""
    assert table in ("refusals", "retractions", "contracts")
    return await tx.row(f"select * from {table} where suborder_id = $1", suborder_id)  # noqa: S608


async def read_contacts(tx: ReadTx, suborder_id: UUID) -> list[Record]:
    """What the bank says of its contacts, oldest first, and what the firm says against each."""
    return await tx.fetch(
        "select c.contact_id, c.contacted_at, c.how, c.whom, c.recorded_at, d.denied_at, d.words as denied_words"
        " from contacts c left join contact_denials d using (contact_id) where c.suborder_id = $1"
        " order by c.recorded_at, c.contact_id",
        suborder_id,
    )


async def read_contact(tx: ReadTx, suborder_id: UUID) -> Record | None:
    """The contact that stands: the newest, unless the firm has denied it."""
    rows = await read_contacts(tx, suborder_id)
    return rows[-1] if rows and rows[-1]["denied_at"] is None else None


async def read_words(tx: ReadTx, suborder_id: UUID) -> list[Record]:
    """What the firm has said to one bank, oldest first."""
    sql = "select word, words, said_at from firm_words where suborder_id = $1 order by said_at, word"
    return await tx.fetch(sql, suborder_id)


async def insert_withdrawal_answer(tx: Tx, columns: Mapping[str, object]) -> None:
    await _insert(tx, "withdrawal_answers", columns)


async def read_offer(tx: ReadTx, suborder_id: UUID) -> Record | None:
    sql = "select * from offers where suborder_id = $1 order by made_at desc limit 1"
    return await tx.row(sql, suborder_id)


async def read_draws(tx: ReadTx, suborder_id: UUID) -> list[Record]:
    sql = "select draw_id, amount_fen, paid_on, recorded_at from draws where suborder_id = $1 order by recorded_at"
    return await tx.fetch(sql, suborder_id)


async def _insert(tx: Tx, table: str, columns: Mapping[str, object]) -> None:
    names = ", ".join(columns)
    places = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    await tx.execute(f"insert into {table} ({names}) values ({places})", *columns.values())  # noqa: S608


async def share_state(tx: Tx, suborder_id: UUID) -> str | None:
    """The state of a suborder, which then stays until the transaction ends."""
    state: str | None = await tx.value("select state from suborders where suborder_id = $1 for share", suborder_id)
    return state
