"""Reading figures, the norms they are shown by, the cases behind them, and one case whole."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.access import audit
from app.infra.db import ReadTx, Tx
from app.kernel.errors import Refusal
from app.market import reasons
from app.market.supervision import rules, store
from app.market.supervision.rules import EVERYTHING, Board, By, CaseLine, Within, norms
from app.market.supervision.rules.norms import BadNorms, Division, Layout, Norms
from app.market.supervision.schemas import CasesAsked
from app.market.supervision.service import case_lines
from app.market.supervision.store import folded as store_folded
from app.office import clocks, messages, policies
from app.office.clocks import Explanation


@dataclass(frozen=True, slots=True)
class CaseFound:
    """A suborder behind a figure; `value` of `of` is what it adds, at `at`."""

    suborder_id: UUID
    order_id: UUID
    bank_id: UUID
    branch_id: UUID
    product_id: UUID
    district_code: str
    at: datetime
    value: int
    of: int
    state: str
    amount_fen: int

    @property
    def url(self) -> str:
        return f"/supervision/cases/{self.suborder_id}"

    @property
    def place(self) -> tuple[str, str]:
        """Where the next page begins when this is the last case of a page."""
        return self.at.isoformat(), str(self.suborder_id)


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One suborder: what it is, and everything that happened, in one column of time."""

    suborder_id: UUID
    order_id: UUID
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    product_id: UUID
    state: str
    amount_fen: int
    term_months: int
    district_code: str
    pushed_at: datetime
    ended_at: datetime | None
    firm: str
    firm_code: str
    lines: tuple[CaseLine, ...]
    seal: audit.Proof  # Whether what the log holds of the order is still what was sealed.


async def read_board(
    tx: ReadTx, *, as_of: datetime, by: Collection[By], within: Within = EVERYTHING, medians: bool = True
) -> Board:
    """The figures of these groups as of an instant, over a part of the city. Of the past: reckoned from all of it.

    `medians=False` leaves out what takes half of the time.
    """
    groups = [one.value for one in by]
    if as_of < tx.now:
        return rules.arrange(await store.read_figures(tx, as_of, groups, within))
    return rules.arrange(await store_folded.read_figures(tx, as_of, groups, within, medians=medians))


async def read_names(tx: ReadTx) -> dict[str, str]:
    """Names of banks, branches and products by id as text, to show beside the figures."""
    return {key: name for key, (_, name) in (await store.read_names(tx)).items()}


async def read_parties(tx: ReadTx) -> dict[str, list[tuple[str, str]]]:
    """(id as text, name) of every bank, branch and product, by kind and then by name."""
    found: dict[str, list[tuple[str, str]]] = {"bank": [], "branch": [], "product": []}
    for key, (kind, name) in (await store.read_names(tx)).items():
        found[kind].append((key, name))
    return {kind: sorted(rows, key=lambda row: (row[1], row[0])) for kind, rows in found.items()}


async def read_norms(tx: ReadTx, on: date) -> Norms:
    """What counts as few and which share is aimed at, as of a day."""
    found = norms.parse_norms((await policies.in_force(tx, "supervision", "figures", on)).body)
    if isinstance(found, BadNorms):
        raise Refusal("policy-missing", found.why, kind="supervision", key="figures")
    return found


async def read_layout(tx: ReadTx, on: date) -> Layout:
    """Where the districts of a day lie on the map; refused (`policy-missing`) before the first map."""
    found = norms.parse_layout((await policies.in_force(tx, "supervision", "tiles", on)).body)
    if isinstance(found, BadNorms):
        raise Refusal("policy-missing", found.why, kind="supervision", key="tiles")
    return found


async def read_promise_days(tx: ReadTx, on: date) -> int:
    """In how many workdays a bank promises to decide, as of a day."""
    return int((await policies.in_force(tx, "clock", "DECISION", on)).body["count"])


async def read_divisions(tx: ReadTx) -> tuple[Division, ...]:
    """Every district that there is or was, with its days."""
    return tuple(
        Division(one.key, str(one.body["name"]), one.valid_from, one.valid_to, tuple(one.body.get("successors", ())))
        for one in await policies.all_versions(tx, "district")
        if one.body.get("level") != "zone"
    )


async def read_reason_words(tx: ReadTx) -> dict[str, tuple[str, str]]:
    """Refusal reasons in words, Chinese and English, by code."""
    return await store.read_reason_words(tx)


async def find_cases(
    tx: ReadTx,
    asked: CasesAsked,
    *,
    as_of: datetime,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> tuple[CaseFound, ...]:
    """The suborders behind a figure of a group, newest first; a median stands on the same cases as its mean."""
    figure, group = asked.figure.removesuffix("_median_x2"), (asked.by.value, asked.key)
    read = store.read_cases if as_of < tx.now else store_folded.read_cases
    found = await read(tx, as_of, figure, group, asked.counts, after, limit, asked.within)
    return tuple(CaseFound(*record) for record in found)


async def open_case_file(tx: Tx, suborder_id: UUID) -> CaseFile:
    """The whole file of a suborder. Opening it leaves a trace; refused (`not-found`) when there is none."""
    part = await store.read_suborder(tx, suborder_id)
    if part is None:
        raise Refusal("not-found")
    bank_id, order_id, parties = part["bank_id"], part["order_id"], (part["business_id"], part["bank_id"])
    refusal = await store.read_refusal(tx, suborder_id)
    lines = [
        *case_lines.of_moves(await store.read_moves(tx, suborder_id), refusal, parties),
        *case_lines.of_clocks(await store.read_clocks(tx, suborder_id)),
        *case_lines.of_pauses(await store.read_pauses(tx, suborder_id)),
        *case_lines.of_recounts(await store.read_recounts(tx, suborder_id)),
        *case_lines.of_flags(await reasons.flags.read_of(tx, suborder_id)),
        *case_lines.of_money(*await store.read_money(tx, suborder_id)),
        *case_lines.of_packages(*await store.read_packages(tx, suborder_id)),
        *case_lines.of_proposals(await store.read_proposals(tx, order_id, suborder_id, bank_id)),
        *case_lines.of_urges(await store.read_urges(tx, order_id, suborder_id)),
        *case_lines.of_voices(*await store.read_voices(tx, order_id, suborder_id)),
        *case_lines.of_notices(await store.read_notices(tx, order_id, bank_id)),
        *case_lines.of_messages(await messages.told_of(tx, suborder_id)),
        *case_lines.of_audit(await store.read_audit(tx, suborder_id, order_id, bank_id), parties),
    ]
    seal = await audit.proof_of(tx, order_id)  # Before this reading adds to it.
    await audit.write(tx, "case-file.read", subject_id=part["subject_id"], case_id=part["order_id"])
    return CaseFile(
        suborder_id=suborder_id,
        order_id=part["order_id"],
        business_id=part["business_id"],
        bank_id=part["bank_id"],
        branch_id=part["branch_id"],
        product_id=part["product_id"],
        state=part["state"],
        amount_fen=part["amount_fen"],
        term_months=part["term_months"],
        district_code=part["district_code"] or "",
        pushed_at=part["pushed_at"],
        ended_at=part["ended_at"],
        firm=part["firm"],
        firm_code=part["firm_code"],
        lines=rules.one_column(lines),
        seal=seal,
    )


async def explain_deadlines(tx: ReadTx, order_id: UUID, suborder_id: UUID) -> tuple[Explanation, ...]:
    """Why each deadline of a case is on its day, in the order in which the promises began."""
    explained = await clocks.explain(tx, order_id, now=tx.now)
    return tuple(why for (case_id, _kind), why in explained.items() if case_id == suborder_id)
