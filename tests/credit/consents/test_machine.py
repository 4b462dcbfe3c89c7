"""The consents of one firm against a pure model, on a real database: what the one accepts the other accepts."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.access.seats import Seat, SeatRole
from app.credit import consents
from app.credit.consents import Grant, Purpose, SignMethod
from app.infra.db import Database, Role, Scope
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from tests.conftest import Cluster, open_database
from tests.credit.consents.conftest import NAMES
from tests.support import shanghai, walk

T = TypeVar("T")
START = shanghai("2025-09-24 00:00")
CLASSES = ("tax", "judicial", "invoices")
EXAMPLES, STEPS, ACCEPTED_MIN = 120, 20, 30


@dataclass
class Letter:
    """The model's whole idea of a consent."""

    grant: Grant
    revoked: bool = False

    def allows(self, *, bank: UUID, branch: UUID, purpose: str, classes: set[str], subject: UUID, at: datetime) -> bool:
        grant = self.grant
        return (
            not self.revoked
            and (grant.bank_id, grant.branch_id, grant.purpose.value) == (bank, branch, purpose)
            and grant.valid_from <= at < grant.valid_to
            and classes <= set(grant.data_classes)
            and subject == (grant.person_subject_id or grant.grantor_subject_id)
        )


@dataclass
class Rig:
    """The database, a loop of its own, and the tally over all examples."""

    loop: asyncio.AbstractEventLoop
    db: Database
    tally: Counter[tuple[str, str]] = field(default_factory=Counter)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)


@pytest.fixture
def rig(cluster: Cluster) -> Iterator[Rig]:
    loop = asyncio.new_event_loop()
    name = loop.run_until_complete(cluster.clone())
    rig = Rig(loop, open_database(cluster, name))
    yield rig
    loop.run_until_complete(rig.db.close())
    loop.run_until_complete(cluster.drop(name))
    loop.close()


class Consents(RuleBasedStateMachine):
    """One firm and its owner, two banks with two branches each, two orders, a clock that only goes forward."""

    rig: ClassVar[Rig]

    @initialize()
    def begin(self) -> None:
        self.firm_id, self.owner_id = new_id(), new_id()
        self.banks = {new_id(): (new_id(), new_id()) for _ in range(2)}
        self.orders = [new_id(), new_id()]
        self.seat = Seat(new_id(), self.firm_id, SeatRole.BUSINESS)
        self.now = START
        self.letters: dict[UUID, Letter] = {}
        for bank in (0, 1):
            self._signs(0, bank, 0, Purpose.PRE_LOAN, list(CLASSES), 30, own=False, method=SignMethod.SESSION)

    def _pick(self, pick: int, *, alive: bool = False) -> tuple[UUID, Letter]:
        letters = [(one, letter) for one, letter in self.letters.items() if not (alive and letter.revoked)]
        letters = letters or list(self.letters.items())
        return letters[pick % len(letters)]

    def _count(self, act: str, accepted: bool) -> None:
        self.rig.tally[act, "accepted" if accepted else "refused"] += 1

    @rule(
        order=st.integers(0, 1), bank=st.integers(0, 1), branch=st.integers(0, 1), purpose=st.sampled_from(Purpose),
        classes=st.lists(st.sampled_from(CLASSES), min_size=1, max_size=3, unique=True),
        flaw=st.sampled_from(["", "", "", "", "class", "days", "method"]), days=st.sampled_from([10, 30]),
        own=st.booleans(),
    )  # fmt: skip
    def sign(
        self, order: int, bank: int, branch: int, purpose: Purpose, classes: list[str], flaw: str, days: int, own: bool
    ) -> None:
        """The firm, or its owner, signs; sometimes a class nobody knows, no time, or the firm's login for the owner."""
        method = SignMethod.SMS if own and flaw != "method" else SignMethod.SESSION
        classes = [*classes, "religion"] if flaw == "class" else classes
        self._signs(order, bank, branch, purpose, classes, -1 if flaw == "days" else days, own=own, method=method)

    def _signs(
        self, order: int, bank: int, branch: int, purpose: Purpose, classes: list[str], days: int, *, own: bool,
        method: SignMethod,
    ) -> None:  # fmt: skip
        bank_id = list(self.banks)[bank]
        letter = Grant(
            business_id=self.firm_id, grantor_subject_id=self.firm_id, bank_id=bank_id,
            branch_id=self.banks[bank_id][branch], order_id=self.orders[order], purpose=purpose,
            data_classes=tuple(classes), valid_from=self.now, valid_to=self.now + timedelta(days),
            person_subject_id=self.owner_id if own else None, sign_method=method,
        )  # fmt: skip
        same = [
            one for one in self.letters.values() if not one.revoked and (
                one.grant.order_id, one.grant.bank_id, one.grant.purpose, one.grant.person_subject_id
            ) == (letter.order_id, bank_id, purpose, letter.person_subject_id)
        ]  # fmt: skip
        expected = days > 0 and "religion" not in classes and not same and not (own and method is SignMethod.SESSION)

        signed = self.rig.run(self._sign(letter))

        assert (signed is not None) == expected
        self._count("sign", expected)
        if signed is not None:
            self.letters[signed] = Letter(letter)

    async def _sign(self, letter: Grant) -> UUID | None:
        try:
            async with self.rig.db.transaction(Role.BUSINESS, Scope(self.firm_id, self.seat.person_id)) as tx:
                return await consents.grant(tx, letter, names=NAMES, by=self.seat, now=self.now)
        except Refusal:
            return None

    @rule(
        pick=st.integers(0, 99),
        change=st.sampled_from(["", "", "", "", "", "bank", "branch", "purpose", "class", "subject"]),
    )
    def read(self, pick: int, change: str) -> None:
        """A bank reads under a letter: as signed, or with one thing changed."""
        consent_id, letter = self._pick(pick, alive=pick % 4 > 0)
        grant = letter.grant
        use: dict[str, Any] = {
            "bank": grant.bank_id, "branch": grant.branch_id, "purpose": grant.purpose.value,
            "classes": set(grant.data_classes), "subject": grant.person_subject_id or grant.grantor_subject_id,
        }  # fmt: skip
        other_bank = next(one for one in self.banks if one != grant.bank_id)
        changes: dict[str, dict[str, Any]] = {
            "": {}, "bank": {"bank": other_bank}, "branch": {"branch": new_id()},
            "purpose": {"purpose": next(one.value for one in Purpose if one != grant.purpose)},
            "class": {"classes": {*grant.data_classes, "utilities"}}, "subject": {"subject": new_id()},
        }  # fmt: skip
        use |= changes[change]
        expected = letter.allows(at=self.now, **use)

        assert self.rig.run(self._read(consent_id, grant.order_id, use)) == expected
        self._count("read", expected)

    async def _read(self, consent_id: UUID, order_id: UUID, use: dict[str, Any]) -> bool:
        """In the acts' role, which sees every letter of the order: here the statement alone decides."""
        try:
            async with self.rig.db.transaction(Role.ACT, Scope(use["bank"], new_id(), case_id=order_id)) as tx:
                await consents.check(
                    tx, consent_id, bank_id=use["bank"], branch_id=use["branch"], purpose=use["purpose"], now=self.now,
                    data_classes=use["classes"], subject_id=use["subject"],
                )  # fmt: skip
        except Refusal:
            return False
        return True

    @rule(pick=st.integers(0, 99), by_firm=st.booleans())
    def revoke(self, pick: int, by_firm: bool) -> None:
        """The firm takes a letter back, perhaps again; a stranger tries."""
        consent_id, letter = self._pick(pick)
        by = self.seat if by_firm else replace(self.seat, org_id=new_id())

        revoked = self.rig.run(self._revoke(consent_id, letter.grant.order_id, by))

        assert revoked == by_firm
        letter.revoked |= by_firm
        self._count("revoke", by_firm)

    async def _revoke(self, consent_id: UUID, order_id: UUID, by: Seat) -> bool:
        try:
            await consents.revoke(self.rig.db, consent_id, order_id=order_id, by=by, now=self.now)
        except Refusal:
            return False
        return True

    @rule(pick=st.integers(0, 99))
    def close_gate_and_die(self, pick: int) -> None:
        """The revoking process dies between the halves: for every reader the letter is gone."""
        if pick % 3:
            return
        consent_id, letter = self._pick(pick)
        order_id = letter.grant.order_id
        self.rig.run(consents.close_gate(self.rig.db, consent_id, order_id=order_id, by=self.seat, now=self.now))
        assert not self.rig.run(self._read(consent_id, order_id, self._as_signed(letter.grant)))

        self.rig.run(consents.finish_revocations(self.rig.db, grace=timedelta(0)))

        letter.revoked = True
        self._count("die and finish", True)

    def _as_signed(self, grant: Grant) -> dict[str, Any]:
        return {
            "bank": grant.bank_id, "branch": grant.branch_id, "purpose": grant.purpose.value,
            "classes": set(grant.data_classes), "subject": grant.person_subject_id or grant.grantor_subject_id,
        }  # fmt: skip

    @rule(hours=st.integers(1, 24 * 3))
    def wait(self, hours: int) -> None:
        """Time passes; letters run out by themselves."""
        self.now += timedelta(hours=hours)
        self._count("wait", True)

    @invariant()
    def the_rows_agree(self) -> None:
        """Revoked in the model is revoked in the table, and every revoked letter has its gate."""
        if not hasattr(self, "letters"):
            return
        found = self.rig.run(self._rows())
        assert found == {(consent_id, letter.revoked, letter.revoked) for consent_id, letter in self.letters.items()}

    async def _rows(self) -> set[tuple[UUID, bool, bool]]:
        async with self.rig.db.reading(Role.BUSINESS, Scope(self.firm_id)) as tx:
            letters = [letter for order_id in self.orders for letter in await consents.find_for_order(tx, order_id)]
        return {(letter.consent_id, letter.revoked_at is not None, letter.gated) for letter in letters}


def test_consents_follow_their_model(rig: Rig) -> None:
    """At least 100 histories of 20 steps; every act accepted at least 30 times, or the machine has not been there."""
    Consents.rig = rig
    walk(
        Consents,
        settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
        ),
        lambda: _been_everywhere(rig),
    )

    print("\nconsents:", ", ".join(f"{act} {outcome} {n}" for (act, outcome), n in sorted(rig.tally.items())))
    assert _been_everywhere(rig)


def _been_everywhere(rig: Rig) -> bool:
    accepted = [rig.tally[act, "accepted"] for act in ("sign", "read", "revoke", "die and finish", "wait")]
    refused = [rig.tally[act, "refused"] for act in ("sign", "read", "revoke")]
    return min(accepted + refused) >= ACCEPTED_MIN
