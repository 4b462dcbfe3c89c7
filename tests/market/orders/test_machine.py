"""Orders on a real database, walked at random beside the pure rule: every answer and every row must be the same."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.access import orgs
from app.access.seats import Seat, SeatRole
from app.infra import vault
from app.infra.db import Database, Role, Scope, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market import parties
from app.market.orders import rules
from app.market.orders.rules import facts
from app.market.orders.rules.cost import Repayment
from app.market.orders.rules.states import AT_WORK, BEFORE_SIGNING, TERMINAL, Clock, State
from app.market.orders.service import acceptances, acting, corrections, decisions, payments, postings, withdrawals
from app.market.reasons import Claim, Comparison
from app.office import proposals
from app.office.proposals import Proposal
from tests.conftest import Cluster, open_database
from tests.credit.firm import register
from tests.market.orders.conftest import EARLY, POSTED, WAN, City, publish
from tests.market.orders.world import EXPECTED, OWED
from tests.market.parties.world import make_world, open_pool
from tests.support import walk

ACTS = (
    "accept", "contact", "investigate", "ask_papers", "bring_papers", "refuse", "offer", "pick", "sign", "pay_out",
    "end_draws", "let_go", "withdraw", "revoke", "deny_contact", "contest_papers", "retract",
)  # fmt: skip
# What a long way leads to, or what a case has once, is wanted more often.
RARE = ("refuse", "ask_papers", "bring_papers", "contest_papers", "withdraw")
WEIGHTED = (*ACTS, *("end_draws", "let_go", "retract", "deny_contact") * 6, *RARE * 4)
NEVER_REFUSED = {"revoke"}
ACCEPTED_MIN = 20
STRAIGHT = (
    State.PUSHED, State.ACCEPTED, State.CONTACTED, State.INVESTIGATING, State.OFFERED, State.PICKED, State.SIGNED,
    State.PAYING,
)  # fmt: skip
ONWARD = dict(
    zip(STRAIGHT, ("accept", "contact", "investigate", "offer", "pick", "sign", "pay_out"), strict=False)
)  # The act that leads straight on.
ANSWERS = ("bring_papers", "contest_papers")
WHERE = {
    "accept": (State.PUSHED,),
    "contact": (State.ACCEPTED,),
    "investigate": (State.CONTACTED,),
    "ask_papers": AT_WORK,
    "bring_papers": AT_WORK,
    "refuse": AT_WORK,
    "offer": (State.CONTACTED, State.INVESTIGATING),
    "pick": (State.OFFERED,),
    "sign": (State.PICKED,),
    "pay_out": (State.SIGNED, State.PAYING),
    "end_draws": (State.PAYING,),
    "let_go": (State.PICKED, State.SIGNED),
    "deny_contact": (State.CONTACTED, State.INVESTIGATING),
    "contest_papers": AT_WORK,
    "retract": (State.OFFERED, State.PICKED),
    "withdraw": BEFORE_SIGNING,
    "revoke": BEFORE_SIGNING,
}
YOUNG = decisions.Said(
    code="A1", words="企业成立时间不足，未达到产品年限要求", claim=Claim("registration.age_months", Comparison.LT, 100)
)
NO_MONEY = decisions.Said(
    code="I2", words="本支行该产品本季度额度池余额不足，无法受理", claim=Claim("pool.covers_amount", Comparison.EQ, 0)
)
SMALL = 2  # The bank whose pool is too small to accept anything.


class Undone(Exception):
    """Takes back what a look into the future has written."""


class Orders(RuleBasedStateMachine):
    """One order of one firm, listed with two or three banks."""

    db: ClassVar[Database]
    loop: ClassVar[asyncio.AbstractEventLoop]
    city: ClassVar[City]
    told: ClassVar[Counter[tuple[str, bool]]] = Counter()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @initialize(banks=st.sampled_from([(0, 1), (0, 1, SMALL), (0,), (SMALL, 0)]), places=st.integers(1, 2))
    def start(self, banks: tuple[int, ...], places: int) -> None:
        self.now = POSTED
        self.wanted = banks, places
        self.run(self._post(banks, places))

    async def _post(self, banks: tuple[int, ...], places: int) -> None:
        draft = postings.Draft(
            order_id=new_id(), amount_fen=50 * WAN, term_months=12, purpose="原材料", collateral="none",
            district_code="500103", until_on=shanghai_date(self.now) + timedelta(days=57), places=places,
        )  # fmt: skip
        firm, self.order_id = self.city.firm, draft.order_id
        ticks = [
            postings.Tick(self.city.banks[n].branch_id, self.city.banks[n].product_id, ("registration",)) for n in banks
        ]
        async with self.db.transaction(Role.ACT, Scope(firm.org_id, firm.person_id)) as tx:
            await postings.sign_and_post(tx, draft, ticks, by=firm, now=self.now)
        async with self.db.transaction(Role.WORKER) as tx:
            entered = await acting.enter(tx, self.order_id, now=self.now)
            await acting.write(tx, entered.order, entered.case, rules.push_first(entered.case, self.now), by=None)

    # What time and the worker do.

    @rule(hours=st.sampled_from([1, 5, 24, 72]))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def the_worker_runs(self) -> None:
        self.run(self._work())

    async def _work(self) -> None:
        async with self.db.transaction(Role.WORKER) as tx:
            await acting.enter(tx, self.order_id, now=self.now)

    # What people do: something that fits, after all that leads there; and now and then anything.

    @rule(act=st.sampled_from(WEIGHTED), amount=st.sampled_from([20, 40, 50]))
    def something_that_fits(self, act: str, amount: int) -> None:
        for _ in range(12):
            case = self.run(self._case())
            fitting = [part for part in case.live if self._fits(act, part)]
            if fitting:
                self._do_in_time(act, fitting[-1], amount * WAN)
                return
            before = [part for part in case.live if self._leads_to(act, part)]
            if not before:
                self.run(self._post(*self.wanted))  # The firm asks anew: a walk does not end with an order.
                continue
            part = max(before, key=lambda one: STRAIGHT.index(one.state))
            onward = ONWARD[part.state] if part.papers_open is None else "bring_papers"
            if part.state is State.PUSHED and part.bank_id == self.city.banks[SMALL].bank_id:
                onward = "refuse"  # It can do nothing else; its place goes to the next of the list.
            if act in ANSWERS and part.state in AT_WORK:
                onward = "ask_papers"
            if not self.try_act(onward, part, amount * WAN):
                self.run(self._post(*self.wanted))

    @rule(act=st.sampled_from(ACTS), n=st.integers(0, 2), amount=st.sampled_from([1, 40, 60]))
    def anything(self, act: str, n: int, amount: int) -> None:
        case = self.run(self._case())
        if case.parts:
            self.try_act(act, case.parts[n % len(case.parts)], amount * WAN)

    def _fits(self, act: str, part: facts.Part) -> bool:
        asked = part.papers_open is not None
        return part.state in WHERE[act] and (act not in ANSWERS or asked) and (act != "ask_papers" or not asked)

    def _leads_to(self, act: str, part: facts.Part) -> bool:
        last = WHERE[act][-1]
        return part.state in STRAIGHT and STRAIGHT.index(part.state) <= STRAIGHT.index(last)

    def _do_in_time(self, act: str, part: facts.Part, amount_fen: int) -> None:
        """A bank may be left only once it is late."""
        if act == "let_go":
            self.now += timedelta(days=12 if part.state is State.PICKED else 10)
        self.try_act(act, part, amount_fen)

    def try_act(self, act: str, part: facts.Part, amount_fen: int) -> bool:
        """Ask the rule what would happen, then do it, and hold the two together; whether it was accepted."""
        by, command, service = self._act(act, part, amount_fen)
        expected = self.run(self._foresee(command, part))
        answer = self.run(self._do(service, by))
        case = self.run(self._case())

        self.told[act, answer == ""] += 1
        found = {one.position: shape(one) for one in case.parts}
        assert expected == (answer, found, case.end, case.withdrawn_at), f"{act} at {self.now}"
        return answer == ""

    async def _case(self) -> facts.Case:
        """The order as it stands, with nothing fired."""
        async with self.db.transaction(Role.WORKER) as tx:
            return await self._load(tx)

    async def _load(self, tx: Tx) -> facts.Case:
        order = await acting.store.lock_order(tx, self.order_id)
        assert order is not None
        return await acting.load(tx, order, at=self.now)

    async def _foresee(self, command: facts.Command, part: facts.Part) -> tuple[object, ...]:
        found: tuple[object, ...] = ()
        try:
            async with self.db.transaction(Role.WORKER) as tx:
                entered = await acting.enter(tx, self.order_id, now=self.now)
                case = await acting.with_context(tx, entered, part.suborder_id)
                answer = rules.judge(case, command, self.now)
                code, after = ("", answer.case) if isinstance(answer, facts.Outcome) else (answer.code, case)
                shapes = {one.position: shape(one) for one in after.parts}
                found = (code, shapes, after.end, after.withdrawn_at)
                raise Undone
        except Undone:
            return found

    async def _do(self, service: Callable[[Tx], Awaitable[object]], by: Seat) -> str:
        kept = None
        try:
            async with self.db.transaction(Role.ACT, Scope(by.org_id, by.person_id, by.branch_id)) as tx:
                try:
                    await service(tx)
                except Refusal as refusal:
                    if not refusal.keep:
                        raise
                    kept = refusal
        except Refusal as refusal:
            return refusal.code
        return "" if kept is None else kept.code

    def _act(
        self, act: str, part: facts.Part, amount: int
    ) -> tuple[Seat, facts.Command, Callable[[Tx], Awaitable[object]]]:
        """Who does it, as the rule takes it, and as the service does."""
        n = next(i for i, bank in enumerate(self.city.banks) if bank.bank_id == part.bank_id)
        by, firm, now, who = self.city.clerk(n), self.city.firm, self.now, part.suborder_id
        today = shanghai_date(now)
        ids = new_id()
        match act:
            case "accept":
                return by, facts.Accept(who), lambda tx: acceptances.accept_suborder(tx, who, by=by, now=now)
            case "contact":
                call = {"contacted_at": now, "how": "phone", "whom": "经办人"}
                command: facts.Command = facts.Contact(who, now)
                return by, command, lambda tx: acceptances.contact_firm(tx, who, **call, by=by, now=now)
            case "investigate":
                return by, facts.Investigate(who), lambda tx: acceptances.investigate_suborder(tx, who, by=by, now=now)
            case "ask_papers":
                items = [f"材料{len(part.papers_asked)}"]
                command = facts.AskPapers(who, ids, tuple(items))
                return by, command, lambda tx: acceptances.ask_papers(tx, who, items=items, note="", by=by, now=now)
            case "bring_papers":
                return (
                    firm,
                    facts.BringPapers(who),
                    lambda tx: acceptances.bring_papers(tx, who, answer="已补", by=firm, now=now),
                )
            case "refuse":
                return self._refuse(part, n)
            case "offer":
                offered = decisions.Offered(
                    amount_fen=amount, rate_ppm=48_000, term_months=12, repayment=Repayment.BULLET, fees=(),
                    valid_workdays=10,
                )  # fmt: skip
                command = facts.Offer(who, ids, amount, 48_000, 12, 10)
                return by, command, lambda tx: decisions.make_offer(tx, who, offered, by=by, now=now)
        return self._later_act(act, part, amount, by, today)

    def _later_act(
        self, act: str, part: facts.Part, amount: int, by: Seat, today: date
    ) -> tuple[Seat, facts.Command, Callable[[Tx], Awaitable[object]]]:
        firm, now, who = self.city.firm, self.now, part.suborder_id
        match act:
            case "pick":
                return firm, facts.Pick(who), lambda tx: decisions.pick_offer(tx, who, by=firm, now=now)
            case "sign":
                until, signed = today + timedelta(days=30), min(amount, part.offered_fen or amount)
                command: facts.Command = facts.Sign(who, signed, today, until, today)
                return by, command, lambda tx: payments.sign_contract(
                    tx, who, contract_no=f"XY-{who}", signed_on=today, amount_fen=signed, draw_until_on=until, by=by,
                    now=now,
                )  # fmt: skip
            case "pay_out":
                draw, draw_id = max(1, min(amount // 2, part.signed_fen - part.paid_fen)), new_id()
                command = facts.PayOut(who, draw_id, draw, today, today)
                return (
                    by,
                    command,
                    lambda tx: payments.pay_out(
                        tx, who, draw_id=draw_id, amount_fen=draw, paid_on=today, by=by, now=now
                    ),
                )
            case "end_draws":
                return firm, facts.EndDraws(who), lambda tx: payments.end_draws(tx, who, by=firm, now=now)
            case "let_go":
                return firm, facts.LetGo(who), lambda tx: withdrawals.let_go(tx, who, by=firm, now=now)
            case "deny_contact":
                denied: facts.Command = facts.DenyContact(who)
                return firm, denied, lambda tx: corrections.deny_contact(tx, who, words="", by=firm, now=now)
            case "contest_papers":
                denied = facts.ContestPapers(who)
                return firm, denied, lambda tx: corrections.contest_papers(tx, who, words="已交", by=firm, now=now)
            case "retract":
                return by, facts.Retract(who, "fraud", seconded=True), lambda tx: self._retract(tx, who, by, part)
            case "withdraw":
                return (
                    firm,
                    facts.Withdraw(),
                    lambda tx: withdrawals.withdraw_order(tx, self.order_id, by=firm, now=now),
                )
        return firm, facts.Revoke(part.consent_id), lambda tx: self._revoke(part.consent_id)

    def _refuse(self, part: facts.Part, n: int) -> tuple[Seat, facts.Command, Callable[[Tx], Awaitable[object]]]:
        """Before acceptance only an empty pool is evidence; at work the firm's age in the sealed package."""
        by, now, who = self.city.clerk(n), self.now, part.suborder_id
        at_work = part.state in AT_WORK
        said = YOUNG if at_work else NO_MONEY
        problem = "" if at_work or n == SMALL else "evidence-contradicts"
        reason = facts.Reason(said.code, own_evidence=not at_work, problem=problem)
        return by, facts.Refuse(who, reason), lambda tx: decisions.refuse_suborder(tx, who, said, by=by, now=now)

    async def _retract(self, tx: Tx, who: UUID, by: Seat, part: facts.Part) -> None:
        """Two people in one transaction: the clerk asks, the checker agrees."""
        n = next(i for i, bank in enumerate(self.city.banks) if bank.bank_id == part.bank_id)
        asked = await corrections.retract_offer(tx, who, reason="fraud", words="资料造假", by=by, now=self.now)
        assert isinstance(asked, Proposal)
        await proposals.approve(tx, asked.proposal_id, by=self.city.checker(n), now=self.now)

    async def _revoke(self, consent_id: UUID) -> None:
        """In two transactions of its own; the act's stays empty."""
        await withdrawals.revoke_consent(self.db, consent_id, self.order_id, by=self.city.firm, now=self.now)

    # What must hold after every step.

    @invariant()
    def history_money_and_clocks_agree(self) -> None:
        self.run(self._check())

    async def _check(self) -> None:
        async with self.db.reading(Role.REPORTER) as tx:
            broken = await tx.fetch(CHAIN, self.order_id)
            money = await tx.fetch(MONEY, self.order_id)
            alive = await tx.fetch(
                "select case_id, kind from clocks where root_id = $1 and state in ('running', 'paused')", self.order_id
            )
            parts = await tx.fetch("select * from suborders where order_id = $1", self.order_id)
            end = await tx.value("select end_state from orders where order_id = $1", self.order_id)
        assert [] == broken, "a move begins where the last one ended"
        assert [] == money, "what is held is what the state needs"
        for part in parts:
            running = {Clock(row["kind"]) for row in alive if row["case_id"] == part["suborder_id"]}
            state, breached = State(part["state"]), {Clock(name) for name in part["breached"]}
            assert running <= EXPECTED.get(state, frozenset()), f"{running} in {state}"
            assert OWED.get(state, frozenset()) - breached <= running, f"{running} in {state}"
        assert (end is not None) == all(State(part["state"]) in TERMINAL for part in parts)
        assert end is None or not alive, "an ended order runs no clock"


def shape(part: facts.Part) -> tuple[object, ...]:
    """A suborder without what each run names for itself."""
    return (
        part.state, part.held_fen, part.offered_fen, part.signed_fen, part.paid_fen, part.papers_open is None,
        part.papers_asked, part.breached,
    )  # fmt: skip


CHAIN = """
select * from (
  select suborder_id, from_state, to_state, at, act,
         lag(to_state, 1, 'listed') over one as before, lag(at, 1, at) over one as earlier,
         lead(to_state) over one as following
  from suborder_moves where order_id = $1 window one as (partition by suborder_id order by seq)) m
join suborders s using (suborder_id)
where from_state <> before or at < earlier or (following is null and to_state <> state)
"""
MONEY = """
select s.suborder_id, s.state, r.held_fen from suborders s
left join reservations r on r.suborder_id = s.suborder_id and r.closed_at is null
where s.order_id = $1 and coalesce(r.held_fen, 0) <> case
  when s.state in ('accepted', 'contacted', 'investigating') and not 'DECISION' = any(s.breached) then s.amount_fen
  when s.state in ('offered', 'picked') then s.offered_fen
  when s.state in ('signed', 'paying') then s.signed_fen - s.paid_fen
  else 0 end
"""


async def build_city(db: Database) -> City:
    """Two banks with money for all examples, and one that has too little for any."""
    subject = await register(db, 1, EARLY, founded_on=date(2019, 9, 26))
    async with db.transaction(Role.OPS) as tx:
        org = await orgs.create_org(tx, "business", "渝样品1号厂", subject_id=subject.subject_id)
    banks = []
    for n in range(3):
        cap_fen = 5 * WAN if n == SMALL else 1_000_000 * WAN
        bank = await make_world(db, cap_fen, name=f"样品第{n + 1}银行")
        await open_pool(db, bank, cap_fen, date(2025, 10, 1))
        for quarter in (date(2026, 1, 1), date(2026, 4, 1), date(2026, 7, 1)):
            await open_pool(db, bank, cap_fen, quarter)
        await publish(db, bank)
        banks.append(bank)
    return City(db, subject, Seat(new_id(), org.org_id, SeatRole.BUSINESS), banks)


def test_orders_on_the_database_do_what_the_rule_says(cluster: Cluster, tmp_path: Path) -> None:
    """At least 100 walks of 20 steps; each act is accepted and refused often enough to mean something."""
    vault.unlock(tmp_path / "keys")
    loop = asyncio.new_event_loop()
    name = loop.run_until_complete(cluster.clone())
    db = open_database(cluster, name)
    Orders.db, Orders.loop = db, loop
    Orders.told.clear()
    Orders.city = loop.run_until_complete(build_city(db))
    try:
        walk(
            Orders,
            settings(
                max_examples=160, stateful_step_count=20, deadline=None, derandomize=True, database=None,
                suppress_health_check=list(HealthCheck),
            ),
            lambda: _missing() == ([], []),
        )  # fmt: skip
        loop.run_until_complete(_reconcile(db))
    finally:
        loop.run_until_complete(db.close())
        loop.run_until_complete(cluster.drop(name))
        loop.close()
    for act in ACTS:
        print(f"{act:14} accepted {Orders.told[act, True]:5} refused {Orders.told[act, False]:5}")
    assert ([], []) == _missing()


def _missing() -> tuple[list[str], list[str]]:
    """Acts that were accepted too seldom, and acts that were never refused."""
    rare = [act for act in ACTS if Orders.told[act, True] < ACCEPTED_MIN]
    return rare, [act for act in ACTS if act not in NEVER_REFUSED and not Orders.told[act, False]]


async def _reconcile(db: Database) -> None:
    """After thousands of acts the ledger still explains every counter."""
    async with db.transaction(Role.WORKER) as tx:
        assert () == await parties.pools.reconcile(tx, now=datetime.now().astimezone())
