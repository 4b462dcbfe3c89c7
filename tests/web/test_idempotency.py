"""A repeated request has one effect (P5)."""

import asyncio
from collections import Counter
from typing import Any

import asyncpg
import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.access.orgs import OrgKind
from app.access.seats import SeatRole
from app.infra.db import Database, Role, Scope
from app.web import idempotency
from tests.conftest import Cluster, open_database
from tests.support import walk
from tests.web.app_for_tests import TOYS, client_of, create_test_app, make_org, make_seat, sign

KEY = {"idempotency-key": "0123456789abcdef"}
Admin = asyncpg.Connection


async def effects(admin: Admin) -> int:
    return int(await admin.fetchval("select count(*) from audit_events where act = 'thing.made'"))


async def kept_keys(admin: Admin) -> int:
    return int(await admin.fetchval("select count(*) from idempotency"))


async def test_of_fifty_racing_requests_one_acts_and_the_others_repeat_its_answer(
    firm: httpx.AsyncClient, admin: Admin
) -> None:
    """The row of the key is the queue: the first writes it, the others wait for its commit and read it."""
    post = [firm.post("/things", json={"amount": 1}, headers=KEY) for _ in range(50)]

    answers = await asyncio.gather(*post)

    repeated = Counter(answer.headers.get("idempotency-replayed", "-") for answer in answers)
    assert {(201, "/things/00000000-0000-0000-0000-000000000007")} == {
        (answer.status_code, answer.headers["location"]) for answer in answers
    }
    assert {"-": 1, "true": 49} == repeated
    assert (1, 1) == (await effects(admin), await kept_keys(admin))


async def test_while_the_first_has_not_ended_the_second_is_told_to_come_back(
    firm: httpx.AsyncClient, admin: Admin
) -> None:
    """It waits 300 ms, not for ever."""
    post = [firm.post("/things", json={"amount": 1, "note": "slow"}, headers=KEY) for _ in range(2)]

    answers = sorted(await asyncio.gather(*post), key=lambda answer: answer.status_code)

    assert [201, 409] == [answer.status_code for answer in answers]
    assert ("idempotency-in-progress", "1") == (answers[1].json()["code"], answers[1].headers["retry-after"])
    assert 1 == await effects(admin)


@pytest.mark.parametrize("other", [{"json": {"amount": 2}}, {"content": b'{"amount": 1 }', "headers": {}}])
async def test_the_same_key_with_another_body_is_refused(
    firm: httpx.AsyncClient, admin: Admin, other: dict[str, Any]
) -> None:
    """To the byte: a client that repeats repeats what it sent."""
    await firm.post("/things", json={"amount": 1}, headers=KEY)

    headers = {"content-type": "application/json", **KEY}
    answer = await firm.post("/things", **{**other, "headers": headers})

    assert (422, "idempotency-key-reused", 1) == (answer.status_code, answer.json()["code"], await effects(admin))


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ([], "idempotency-key-missing"),
        ([("idempotency-key", "a")], "idempotency-key-invalid"),
        ([("idempotency-key", "a" * 101)], "idempotency-key-invalid"),
        ([("idempotency-key", "ab cd efgh")], "idempotency-key-invalid"),
        ([("idempotency-key", "a" * 16), ("idempotency-key", "b" * 16)], "idempotency-key-invalid"),
        ([("idempotency-key", "a" * 16), ("idempotency-key", "a" * 16)], "idempotency-key-invalid"),
    ],
)
async def test_a_missing_bad_or_double_key_is_400(
    firm: httpx.AsyncClient, admin: Admin, headers: list[tuple[str, str]], code: str
) -> None:
    """Bad input 12."""
    answer = await firm.post("/things", json={"amount": 1}, headers=headers)

    assert (400, code, 0) == (answer.status_code, answer.json()["code"], await effects(admin))


@pytest.mark.parametrize(("note", "status"), [("refuse", 409), ("crash", 500)])
async def test_a_refused_or_failed_request_may_come_again_with_its_key(
    firm: httpx.AsyncClient, admin: Admin, note: str, status: int
) -> None:
    """Only accepted requests are kept."""
    first = await firm.post("/things", json={"amount": 1, "note": note}, headers=KEY)
    second = await firm.post("/things", json={"amount": 1}, headers=KEY)

    assert [status, 201] == [first.status_code, second.status_code]
    assert 1 == await effects(admin)


async def test_a_refusal_that_keeps_commits_all_but_its_key(firm: httpx.AsyncClient, admin: Admin) -> None:
    """Clocks that were due have fired even though the act came too late; the act itself may be tried again."""
    answer = await firm.post("/things", json={"amount": 1, "note": "refuse and keep"}, headers=KEY)

    kept = await admin.fetchval("select count(*) from audit_events where act = 'thing.kept'")
    assert (409, 1, 0) == (answer.status_code, kept, await kept_keys(admin))


async def test_another_actor_with_the_same_key_acts_on_its_own(
    db: Database, app: Any, firm: httpx.AsyncClient, admin: Admin
) -> None:
    """A key is the actor's; nobody can block or learn another's."""
    seat = await make_seat(db, SeatRole.BUSINESS, await make_org(db, OrgKind.BUSINESS), login="xy-second")
    async with client_of(app) as other:
        await sign(db, other, seat)
        answers = [await client.post("/things", json={"amount": 1}, headers=KEY) for client in (firm, other)]

    assert [None, None] == [answer.headers.get("idempotency-replayed") for answer in answers]
    assert 2 == await effects(admin)


async def test_a_form_pressed_twice_acts_once(firm: httpx.AsyncClient, admin: Admin) -> None:
    """The key was minted with the page; both presses lead to the same place."""
    fields = {"note": "a", "_key": idempotency.mint_key(), "_csrf": firm.headers["x-csrf-token"]}

    answers = [await firm.post("/things/form", data=fields) for _ in range(2)]

    assert [303, 303] == [answer.status_code for answer in answers]
    assert 1 == await effects(admin)


async def test_a_key_is_forgotten_after_seven_days(db: Database, firm: httpx.AsyncClient, admin: Admin) -> None:
    """And not before."""
    await firm.post("/things", json={"amount": 1}, headers=KEY)

    forgotten = []
    for age in ("6 days 23 hours", "7 days 1 minute"):
        await admin.execute("update idempotency set created_at = now() - $1::text::interval", age)
        async with db.transaction(Role.WORKER) as tx:
            forgotten.append(await idempotency.forget(tx, tx.wall))

    assert [0, 1] == forgotten


async def test_no_actor_sees_the_keys_of_another(db: Database, firm: httpx.AsyncClient, seat: Any) -> None:
    """Row-level security, not only a WHERE clause."""
    await firm.post("/things", json={"amount": 1}, headers=KEY)

    async def count(scope: Scope) -> int:
        async with db.reading(Role.BUSINESS, scope) as tx:
            return int(await tx.value("select count(*) from idempotency"))

    assert [1, 0, 0] == [
        await count(Scope(actor_id=seat.person_id)), await count(Scope(actor_id=seat.org_id)), await count(Scope()),
    ]  # fmt: skip


# The state machine ------------------------------------------------------------------------------------------------

KEYS = ["key-aaaaaaaa", "key-bbbbbbbb", "key-cccccccc"]
BODIES = [b'{"amount":1}', b'{"amount":2}']
TALLY: Counter[tuple[str, str]] = Counter()


def test_any_history_of_requests_has_the_effects_of_its_accepted_ones(cluster: Cluster) -> None:
    """Model: a dict from (actor, key) to the body accepted first. PostgreSQL must agree after every step."""
    loop = asyncio.new_event_loop()
    name = loop.run_until_complete(cluster.clone())
    Requests.run = loop.run_until_complete
    Requests.db = open_database(cluster, name)
    Requests.users = loop.run_until_complete(two_clients(Requests.db))
    TALLY.clear()
    try:
        walk(
            Requests,
            settings(
                max_examples=100, stateful_step_count=20, deadline=None, derandomize=True,
                phases=(Phase.generate,), suppress_health_check=list(HealthCheck),
            ),
            _been_everywhere,
        )  # fmt: skip
    finally:
        loop.run_until_complete(close(Requests.db, Requests.users))
        loop.run_until_complete(cluster.drop(name))
        loop.close()
    for (act, outcome), times in sorted(TALLY.items()):
        print(f"{act:12} {outcome:10} {times}")
    assert _been_everywhere()


def _been_everywhere() -> bool:
    acts = {act for act, _ in TALLY}
    return acts == {"post", "repeat", "race", "refuse", "crash"} and min(TALLY.values()) >= 30


async def two_clients(db: Database) -> list[httpx.AsyncClient]:
    app = create_test_app(db, *TOYS)
    users = []
    for login in ("xy-first", "xy-second"):
        seat = await make_seat(db, SeatRole.BUSINESS, await make_org(db, OrgKind.BUSINESS), login=login)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
        users.append(httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1"))
        await sign(db, users[-1], seat)
    return users


async def close(db: Database, users: list[httpx.AsyncClient]) -> None:
    for user in users:
        await user.aclose()
    await db.close()


class Requests(RuleBasedStateMachine):
    """Requests of two actors with three keys and two bodies, in any order."""

    run: Any
    db: Database
    users: list[httpx.AsyncClient]

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[tuple[int, str], bytes] = {}
        self.made = 0
        self.run(self._wipe())

    async def _wipe(self) -> None:
        async with self.db.transaction(Role.WORKER) as tx:
            await tx.execute("delete from idempotency")
            self.start = int(await tx.value("select count(*) from audit_events where act = 'thing.made'"))

    def _send(self, user: int, key: str, body: bytes) -> httpx.Response:
        headers = {"idempotency-key": key, "content-type": "application/json"}
        answer: httpx.Response = self.run(self.users[user].post("/things", content=body, headers=headers))
        return answer

    def _expect(self, act: str, user: int, key: str, body: bytes, answers: list[httpx.Response]) -> None:
        """All of them 201 with one effect when the key is new; repeats when the body is the same; else 422."""
        first = self.known.get((user, key))
        fresh = 0 if first is not None else 1
        expected = 201 if first in (None, body) else 422
        assert {expected} == {answer.status_code for answer in answers}
        if expected == 201:
            replays = sum(answer.headers.get("idempotency-replayed") == "true" for answer in answers)
            assert len(answers) - fresh == replays
            self.known[user, key] = body
            self.made += fresh
        TALLY[act, "accepted" if expected == 201 else "refused"] += 1

    @rule(user=st.integers(0, 1), key=st.sampled_from(KEYS), body=st.sampled_from(BODIES))
    def post(self, user: int, key: str, body: bytes) -> None:
        self._expect("post", user, key, body, [self._send(user, key, body)])

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        (user, key), body = data.draw(st.sampled_from(sorted(self.known.items())))
        self._expect("repeat", user, key, body, [self._send(user, key, body)])

    @rule(user=st.integers(0, 1), key=st.sampled_from(KEYS), body=st.sampled_from(BODIES))
    def race(self, user: int, key: str, body: bytes) -> None:
        headers = {"idempotency-key": key, "content-type": "application/json"}

        async def both() -> list[httpx.Response]:
            return await asyncio.gather(
                *(self.users[user].post("/things", content=body, headers=headers) for _ in range(2))
            )

        self._expect("race", user, key, body, self.run(both()))

    @rule(user=st.integers(0, 1), key=st.sampled_from(KEYS), note=st.sampled_from(["refuse", "crash"]))
    def fail(self, user: int, key: str, note: str) -> None:
        """A request that the rules refuse, or that falls over, leaves its key free."""
        answer = self._send(user, key, b'{"amount":1,"note":"%s"}' % note.encode())
        taken = (user, key) in self.known
        assert answer.status_code == (422 if taken else 409 if note == "refuse" else 500)
        TALLY[note, "reused" if taken else "refused"] += 1

    @invariant()
    def effects_and_keys_agree(self) -> None:
        async def look() -> tuple[int, int]:
            async with self.db.reading(Role.WORKER) as tx:
                made = await tx.value("select count(*) from audit_events where act = 'thing.made'")
                return int(made) - self.start, int(await tx.value("select count(*) from idempotency"))

        if hasattr(self, "start"):
            assert (self.made, len(self.known)) == self.run(look())
