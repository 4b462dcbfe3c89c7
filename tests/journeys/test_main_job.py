"""The main job on input that nobody here wrote: the registry, bank outlets, an official list, a bank's masked firms.

A firm asks, the banks it chose receive its consented package over real HTTP, one decides in time or says why not, and
the regulator's figures equal a replay of what happened. Time runs across the National Day holiday of 2025; the dates
below were counted by hand on the State Council's calendar.
"""

import csv
import json
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from rich.console import Console
from rich.table import Table

from app.access import orgs, seats
from app.access.orgs import OrgKind
from app.access.seats import Seat, SeatRole
from app.credit import ingestion
from app.credit.ingestion import FileKind, Receipt
from app.demo.people import Person, Refused
from app.infra.db import Database, Role, Scope
from app.infra.outbox import drain
from app.kernel.ids import new_id
from app.market import parties
from app.market.parties import Product, changes, outlets, shelf
from app.market.parties.schemas import ListBody, PoolOpening
from app.market.parties.service.accounts import AccountRow, import_accounts
from app.office import proposals
from app.replay import Replay, replay_in
from tests.conftest import SECRET
from tests.journeys.stage import PASSWORD, Stage, bank_machine, free_port, make_keys, staged
from tests.support import eventually, real_data, shanghai

pytestmark = [pytest.mark.journey, pytest.mark.timeout(900)]

WAN = 1_000_000
FIRMS = [f"E{n}" for n in range(1, 21)]
RATED_D = ["E36", "E52", "E82", "E99"]
OWNER_BANK, OTHER_BANK, SILENT_BANK = "样本银行股份有限公司", "重庆农村商业银行", "重庆银行股份有限公司"
CLASSES = ["registration", "invoices", "judicial", "lists", "penalties", "tax"]
PASSED_OVER = FIRMS[:10]  # Two banks offer; the firm picks its own bank's offer.
LAPSES = "E20"  # Asks a bank that never answers.
WITH_PAPERS = "E19"  # Is asked for papers before the holiday and brings them after it.
console = Console(width=150)


@dataclass(slots=True)
class Bank:
    bank_id: UUID
    branch_id: UUID
    product: Product
    clerk: str


async def test_the_main_job_on_real_input(
    db: Database, admin: asyncpg.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Everything the house promises, once, on the real thing."""
    async with staged(db, SECRET, tmp_path) as stage:
        monkeypatch.setenv("XINYIDAI_ISSUER", stage.base_url)
        monkeypatch.setenv("XINYIDAI_WEBHOOK_LOOPBACK", "127.0.0.1")
        monkeypatch.setenv("XINYIDAI_HOME", str(tmp_path))
        await stage.at(shanghai("2025-09-22 09:00"))
        owner_id = await _import_everything(db)
        owner, other, silent = await _banks(db, owner_id)
        await _accounts(db, owner_id)
        keys = tmp_path / "bank-keys"
        config = await _register_machine(stage, owner, make_keys(keys), keys)

        async with bank_machine(config, tmp_path) as machine:
            await stage.at(shanghai("2025-09-24 10:00"))
            asked = {name: await _post(stage, name, owner, other, silent) for name in (*FIRMS, *RATED_D)}
            await stage.work()
            handled = await _accept_and_contact(stage, asked, owner, other)
            await stage.work()

            async def all_pulled() -> bool:
                return len(machine.packages) >= len(FIRMS) + len(RATED_D) - 1 or bool(machine.refusals)

            await eventually(all_pulled, 60)
            assert machine.refusals == []
        await _decide(stage, asked, handled, owner, other)
        paid = await _pick_sign_pay(stage, asked, handled, owner)

        await stage.at(shanghai("2025-12-31 09:00"))
        await stage.work()
        await _judge(stage, admin, asked, handled, paid, owner)


# 1. What comes in


async def _import_everything(db: Database) -> UUID:
    async with db.transaction(Role.OPS) as tx:
        with real_data("codes/bank_head_offices.csv").open(encoding="utf-8-sig", newline="") as file:
            offices = [(row["bankNo"], row["bankName"]) for row in csv.DictReader(file)]
        await outlets.import_head_offices(tx, offices, now=tx.now)
        org = await orgs.create_org(tx, OrgKind.BANK, OWNER_BANK)
        await outlets.register_bank(tx, org.org_id, OWNER_BANK, valid_from=date(2022, 3, 1))
    counted = {
        "registry": await _import(db, FileKind.REGISTRY, "registry/companies_2019.csv"),
        "outlets": await _import(db, FileKind.OUTLETS, "registry/bank_outlets.csv"),
        "list": await _import(
            db, FileKind.LIST, "lists/ecommerce_dishonest_1_250.xlsx", list_kind=ingestion.LIST_KIND_DEFAULT
        ),
        "masked": await _import(db, FileKind.MASKED, "loans/enterprises_123.csv", bank_id=org.org_id),
        "invoices_input": await _import(db, FileKind.INVOICES, "loans/invoices_input.csv.gz", bank_id=org.org_id),
        "invoices_output": await _import(db, FileKind.INVOICES, "loans/invoices_output.csv.gz", bank_id=org.org_id),
    }
    await drain(db)
    _print_imports(counted)
    rows = {name: receipt.batch.rows_accepted + receipt.batch.rows_quarantined for name, receipt in counted.items()}
    assert rows == {
        "registry": 5_146, "outlets": 2_574, "list": 250, "masked": 123, "invoices_input": 143_048,
        "invoices_output": 96_085,
    }  # fmt: skip
    async with db.reading(Role.OPS) as tx:
        waiting = await outlets.outlet_queue(tx, limit=10)
        placed = await tx.value("select count(*) from branches")
    assert placed + len(waiting) > 2_500
    return org.org_id


async def _import(db: Database, kind: FileKind, path: str, **names: Any) -> Receipt:
    return await ingestion.import_file(db, kind, real_data(path), **names)


def _print_imports(counted: dict[str, Receipt]) -> None:
    table = Table("file", "accepted", "quarantined", "normalised, by note", "quarantined, by code")
    for name, receipt in counted.items():
        notes = ", ".join(f"{note.value} {count}" for note, count in receipt.notes.items())
        faults = ", ".join(f"{fault.value} {count}" for fault, count in receipt.faults.items())
        table.add_row(name, str(receipt.batch.rows_accepted), str(receipt.batch.rows_quarantined), notes, faults)
    console.print(table)


async def _banks(db: Database, owner_id: UUID) -> tuple[Bank, Bank, Bank]:
    async with db.reading(Role.OPS) as tx:
        by_name = {bank.name: bank.bank_id for bank in (await shelf.banks(tx)).values()}
    return (
        await _open_bank(db, owner_id, "owner", "invoices_rated"),
        await _open_bank(db, by_name[OTHER_BANK], "other", "invoices"),
        await _open_bank(db, by_name[SILENT_BANK], "silent", "invoices"),
    )


async def _open_bank(db: Database, bank_id: UUID, login: str, model_key: str) -> Bank:
    """One branch with people, one product, a published list and a pool of the third quarter, by two people."""
    async with db.transaction(Role.OPS) as tx:
        branches = await shelf.branches_of(tx, bank_id)
        if not branches:
            opened = parties.Branch(
                new_id(), bank_id, f"{OWNER_BANK}营业部", None, "500103", None, date(2022, 3, 1), None
            )
            branches = (await outlets.open_branch(tx, opened),)
        branch_id = branches[0].branch_id
        maker = await _seat(tx, f"{login}-head", bank_id, SeatRole.BANK_ADMIN)
        checker = await _seat(tx, f"{login}-head2", bank_id, SeatRole.BANK_ADMIN)
        await _seat(tx, f"{login}-clerk", bank_id, SeatRole.BRANCH_CLERK, branch_id)
        await _seat(tx, f"{login}-checker", bank_id, SeatRole.BRANCH_CHECKER, branch_id)
    product = Product(
        product_id=new_id(), bank_id=bank_id, code="C1", name="票据信用贷", name_en="Invoice credit", loan_type="new",
        amount_min_fen=10 * WAN, amount_max_fen=100 * WAN, term_months_min=12, term_months_max=12,
        rate_min_ppm=40_000, rate_max_ppm=150_000, repayment="bullet", is_unsecured=True, promised_workdays=10,
        model_key=model_key, valid_from=date(2022, 3, 1), valid_to=None,
    )  # fmt: skip
    async with db.transaction(Role.LOADER) as tx:
        await shelf.add_product(tx, product)
    listed = ListBody(
        branch_id=branch_id, product_id=product.product_id, amount_min_fen=10 * WAN, ceiling_fen=100 * WAN,
        approval_level_fen=80 * WAN, term_months_max=12, rate_min_ppm=40_000, rate_max_ppm=150_000, purposes=[],
        collateral=[], districts=[], materials=[], two_person_reasons=[], valid_from=date(2025, 9, 22),
    )  # fmt: skip
    pool = PoolOpening(
        branch_id=branch_id,
        product_id=product.product_id,
        quarter=date(2025, 7, 1),
        cap_fen=3_000 * WAN,
        why="第三季度",
    )
    async with db.transaction(Role.BANK, Scope(org_id=bank_id, actor_id=maker.person_id)) as tx:
        laid = [
            await changes.propose_list(tx, listed, by=maker, now=tx.now),
            await changes.propose_pool(tx, pool, by=maker, now=tx.now),
        ]
    async with db.transaction(Role.BANK, Scope(org_id=bank_id, actor_id=checker.person_id)) as tx:
        for proposal in laid:
            await proposals.approve(tx, proposal.proposal_id, by=checker, now=tx.now)
    return Bank(bank_id, branch_id, product, f"{login}-clerk")


async def _seat(tx: Any, login: str, org_id: UUID, role: SeatRole, branch_id: UUID | None = None) -> Seat:
    person = await orgs.create_person(tx, login, login)
    await seats.set_first_password(tx, person.person_id, PASSWORD)
    return await seats.create_seat(tx, person.person_id, org_id, role, branch_id=branch_id)


async def _accounts(db: Database, bank_id: UUID) -> None:
    """An operator's import binds each masked firm's account to its subject; the first password is replaced."""
    rows = [AccountRow(f"firm-{name}".lower(), name) for name in (*FIRMS, *RATED_D, "E9999")]
    made, refused = await import_accounts(db, rows, bank_id=bank_id)
    async with db.transaction(Role.OPS) as tx:
        regulator = await orgs.create_org(tx, OrgKind.REGULATOR, "监管部门")
        await _seat(tx, "regulator", regulator.org_id, SeatRole.REGULATOR)
    assert len(made) == 24
    assert [(one.firm_key, one.code) for one in refused] == [("E9999", "not-found")]
    PASSWORDS.update({one.login: one.first_password for one in made})


PASSWORDS: dict[str, str] = {}


async def _register_machine(stage: Stage, bank: Bank, public: dict[str, Any], keys: Path) -> dict[str, Any]:
    head = stage.person("owner-head")
    client = await head.act("/clients", {"name": "core", **public})
    port = free_port()
    endpoint = await head.act("/endpoints", {"url": f"http://127.0.0.1:{port}/notices", "kinds": ["package.sealed"]})
    return {
        "platform": stage.base_url, "issuer": stage.base_url, "bank_id": str(bank.bank_id), "host": "127.0.0.1",
        "client_id": client["client_id"], "keys": str(keys), "notice_keys": [endpoint["verification_key"]],
        "port": port,
    }  # fmt: skip


# 2. The firms ask


def _firm(stage: Stage, name: str) -> Person:
    login = f"firm-{name}".lower()
    return stage.person(login, PASSWORDS[login])


async def _post(stage: Stage, name: str, owner: Bank, other: Bank, silent: Bank) -> dict[str, Any]:
    """Estimate, match, consent and post. What the own bank's model says is what the firm asks for."""
    firm = _firm(stage, name)
    await firm.act("/estimates")
    cards = {card["product_id"]: card for card in (await firm.get("/estimates"))["estimates"]}
    card = cards[str(owner.product.product_id)]
    if name in RATED_D:
        assert (card["amount_fen"], card["why_zero"] is not None) == (0, True), card
    amount_fen = card["amount_fen"] or 10 * WAN
    banks = [silent] if name == LAPSES else [owner, other] if name in PASSED_OVER else [owner]
    need = {"amount_fen": amount_fen, "term_months": 12, "purpose": "周转", "collateral": "none"}
    matches = (await firm.get("/matches", **need))["matches"]
    assert {str(bank.branch_id) for bank in banks} <= {match["branch_id"] for match in matches}
    ticks = [
        {"branch_id": str(b.branch_id), "product_id": str(b.product.product_id), "data_classes": CLASSES} for b in banks
    ]
    body = need | {"until_on": "2025-11-28", "places": len(banks), "banks": ticks}
    posted = await firm.act("/orders", body)
    return {"name": name, "card": card, "amount_fen": amount_fen, "order_id": posted["order_id"]}


# 3. The banks answer


async def _accept_and_contact(
    stage: Stage, asked: dict[str, Any], owner: Bank, other: Bank
) -> dict[str, dict[str, str]]:
    """Accept on Thursday 25 September; contact and investigate on the make-up Sunday 28 September."""
    await stage.at(shanghai("2025-09-25 10:00"))
    handled: dict[str, dict[str, str]] = {}
    for name, order in asked.items():
        view = await _firm(stage, name).get(f"/orders/{order['order_id']}")
        for place in view["banks"]:
            bank = next((b for b in (owner, other) if str(b.bank_id) == place["bank_id"]), None)
            if bank is not None:
                await stage.person(bank.clerk).act(f"/suborders/{place['suborder_id']}/acceptance")
                handled.setdefault(name, {})[bank.clerk] = place["suborder_id"]
    await stage.work()
    first = handled["E1"][owner.clerk]
    clock = await stage.person(owner.clerk).get(f"/suborders/{first}/clocks/DECISION")
    assert clock["due_on"] == "2025-10-15"
    await stage.at(shanghai("2025-09-28 11:00"))
    for parts in handled.values():
        for clerk, suborder_id in parts.items():
            contact = {"contacted_at": shanghai("2025-09-28 10:30").isoformat(), "how": "phone", "whom": "负责人"}
            await stage.person(clerk).act(f"/suborders/{suborder_id}/contact", contact)
            await stage.person(clerk).act(f"/suborders/{suborder_id}/investigation")
    return handled


async def _decide(stage: Stage, asked: dict[str, Any], handled: dict[str, Any], owner: Bank, other: Bank) -> None:
    """Papers across the holiday; refusals that the bank's own sealed rating bears out; offers in the bounds."""
    clerk = stage.person(owner.clerk)
    late = handled[WITH_PAPERS][owner.clerk]
    await stage.at(shanghai("2025-09-29 10:00"))
    await clerk.act(f"/suborders/{late}/papers-requests", {"items": ["近三个月购销合同"], "note": ""})
    rated_d = {
        "reason_code": "B4", "words": "本行对贵企业的评级为最低一档，暂不符合准入条件。",
        "claim": {"path": "bank_input.bank_rating", "comparison": "eq", "value": "D"},
    }  # fmt: skip
    with pytest.raises(Refused) as refused:
        await clerk.act(f"/suborders/{handled['E1'][owner.clerk]}/refusal", rated_d)
    assert (refused.value.status, refused.value.problem["code"]) == (422, "evidence-contradicts")
    for name in RATED_D:
        await clerk.act(f"/suborders/{handled[name][owner.clerk]}/refusal", rated_d)
    await stage.at(shanghai("2025-10-09 10:00"))
    await _firm(stage, WITH_PAPERS).act(f"/suborders/{late}/papers", {"answer": "合同三份已上传"})
    clock = await clerk.get(f"/suborders/{late}/clocks/DECISION")
    assert clock["due_on"] == "2025-10-17"  # 29 and 30 September did not count: two workdays later than 15 October.
    for name, parts in handled.items():
        if name not in RATED_D:
            for login, suborder_id in parts.items():
                await _offer(stage, asked[name], login, suborder_id)


async def _offer(stage: Stage, order: dict[str, Any], login: str, suborder_id: str) -> None:
    rate_ppm = order["card"]["rate_ppm"] or 120_000
    body = {
        "amount_fen": order["amount_fen"], "rate_ppm": rate_ppm, "term_months": 12, "repayment": "bullet",
        "valid_workdays": 10,
    }  # fmt: skip
    await stage.person(login).act(f"/suborders/{suborder_id}/offer", body)
    checker = stage.person(login.replace("clerk", "checker"))
    for proposal in (await checker.get("/proposals"))["proposals"]:
        if proposal["case_id"] == suborder_id and proposal["state"] == "open":
            assert order["amount_fen"] > 80 * WAN
            await checker.act(f"/proposals/{proposal['proposal_id']}/approval")


async def _pick_sign_pay(
    stage: Stage, asked: dict[str, Any], handled: dict[str, Any], owner: Bank
) -> dict[str, list[int]]:
    """Every offered firm picks its own bank; half of the loans are drawn in two parts."""
    paid: dict[str, list[int]] = {}
    clerk = stage.person(owner.clerk)
    await stage.at(shanghai("2025-10-13 10:00"))
    for number, name in enumerate(n for n in handled if n not in RATED_D):
        suborder_id, amount_fen = handled[name][owner.clerk], asked[name]["amount_fen"]
        await _firm(stage, name).act(f"/suborders/{suborder_id}/pick")
        contract = {
            "contract_no": f"HT-{name}", "signed_on": "2025-10-13", "amount_fen": amount_fen,
            "draw_until_on": "2025-12-15",
        }  # fmt: skip
        await clerk.act(f"/suborders/{suborder_id}/signature", contract)
        parts = [amount_fen // 2, amount_fen - amount_fen // 2] if number % 2 else [amount_fen]
        for part in parts:
            draw = {"draw_id": str(uuid4()), "amount_fen": part, "paid_on": "2025-10-13"}
            await clerk.act(f"/suborders/{suborder_id}/draws", draw)
        paid[name] = parts
    return paid


# 4. The regulator sees it


async def _judge(
    stage: Stage, admin: asyncpg.Connection, asked: dict[str, Any], handled: dict[str, Any], paid: dict[str, Any],
    owner: Bank,
) -> None:  # fmt: skip
    standings = {
        name: (await _firm(stage, name).get(f"/orders/{order['order_id']}"))["standing"]
        for name, order in asked.items()
    }
    assert Counter(standings.values()) == {"serviced": 19, "refused": 4, "unmatched": 1}
    states = await admin.fetch("select state, count(*) from suborders group by state")
    assert dict(states) == {"serviced": 19, "refused": 4, "passed_over": 10, "lapsed": 1}
    offers = await admin.fetch("select amount_fen, rate_ppm from offers")
    assert all(10 * WAN <= row["amount_fen"] <= 100 * WAN for row in offers)
    assert all(40_000 <= row["rate_ppm"] <= 150_000 for row in offers)
    assert len({row["amount_fen"] for row in offers}) >= 8
    sums = "select quarter, sum(held_fen) held, sum(posted_fen) posted from pools group by quarter"
    pools = await admin.fetch(sums)
    assert [(row["quarter"], int(row["held"]), int(row["posted"])) for row in pools] == [
        (date(2025, 7, 1), 0, sum(sum(parts) for parts in paid.values()))
    ]  # Held in September, drawn in October, posted to the third quarter.
    before = await _replay(stage)
    shown = (await stage.person("regulator").get("/figures"))["figures"]
    assert not before.differences
    await admin.execute("truncate clock_pauses, clocks cascade")
    after = await _replay(stage)
    assert after.rows == before.rows
    assert after.differences, "with the clocks gone, what is shown must differ from the replay"
    _print_final(before, shown, standings)


async def _replay(stage: Stage) -> Replay:
    async with stage.db.reading(Role.REPORTER) as tx:
        return await replay_in(tx, as_of=tx.now)


def _print_final(found: Replay, shown: list[dict[str, Any]], standings: dict[str, str]) -> None:
    table = Table("figure", "value", "of", title="the regulator's figures, equal to the replay")
    for figure in shown:
        if figure["by"] == "all":
            table.add_row(figure["figure"], f"{figure['value']:,}", f"{figure['of']:,}")
    console.print(table)
    console.print(json.dumps(Counter(standings.values())), f"{len(found.rows)} figures replayed")
