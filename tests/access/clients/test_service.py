"""A machine's life: registered, given tokens for assertions, its keys rotated, switched off."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.access import clients
from app.access.clients import Client, Token, Use
from app.access.seats import Seat, SeatRole
from app.infra.db import Database, Role, Scope
from app.kernel.clock import Clock
from app.kernel.errors import Refusal
from tests.access.clients.machine import ISSUER, Machine

BANK, OTHER_BANK = UUID(int=100), UUID(int=200)
ADMIN = Seat(UUID(int=101), BANK, SeatRole.BANK_ADMIN)
OTHER_ADMIN = Seat(UUID(int=201), OTHER_BANK, SeatRole.BANK_ADMIN)
START = datetime(2026, 9, 1, 2, tzinfo=UTC)


class Hand:
    """A wall clock that tests turn by hand."""

    def __init__(self) -> None:
        self.at = START

    def turn(self, **by: float) -> datetime:
        self.at += timedelta(**by)
        return self.at


@pytest.fixture
def hand(db: Database) -> Hand:
    hand = Hand()
    db.wall = Clock(lambda: hand.at)
    return hand


async def by_bank(db: Database, act: Callable[..., Awaitable[Any]], *args: Any, by: Seat = ADMIN, **named: Any) -> Any:
    async with db.transaction(Role.BANK, Scope(org_id=by.org_id, actor_id=by.person_id)) as tx:
        return await act(tx, *args, by=by, **named)


async def register(db: Database, machine: Machine, name: str = "core", by: Seat = ADMIN) -> Client:
    client: Client = await by_bank(
        db, clients.register_client, name, by=by,
        signing_key=machine.signing_jwk, encryption_key=machine.encryption_jwk,
    )  # fmt: skip
    machine.client_id = client.client_id
    return client


async def token_for(db: Database, assertion: str) -> Token:
    async with db.transaction(Role.AUTH) as tx:
        return await clients.grant_token(tx, assertion, issuer=ISSUER)


async def seat_of(db: Database, token: str) -> Seat | None:
    async with db.reading(Role.AUTH) as tx:
        return await clients.authenticate(tx, token)


async def refused(work: Awaitable[Any]) -> str:
    """The code of the refusal, or what came instead."""
    try:
        return f"not refused: {await work}"
    except Refusal as refusal:
        return refusal.code


@pytest.mark.parametrize("alg", ["Ed25519", "EdDSA", "ES256"])
async def test_an_assertion_buys_a_token_that_names_the_machine(db: Database, hand: Hand, alg: str) -> None:
    """The whole way in, for every algorithm that is allowed."""
    machine = Machine(alg)
    client = await register(db, machine)

    token = await token_for(db, machine.assertion(hand.at))

    expected = Seat(client.client_id, BANK, SeatRole.BANK_CLIENT, None, client.client_id)
    assert await seat_of(db, token.access_token) == expected
    assert token.expires_at == START + timedelta(minutes=5)


async def test_a_token_is_worth_nothing_after_five_minutes(db: Database, hand: Hand) -> None:
    """P23: what is stolen dies by itself."""
    machine = Machine()
    await register(db, machine)
    token = await token_for(db, machine.assertion(hand.at))

    hand.turn(seconds=299)
    before = await seat_of(db, token.access_token)
    hand.turn(seconds=1)

    assert (before is not None, await seat_of(db, token.access_token)) == (True, None)


async def test_the_database_keeps_no_token_in_clear(db: Database, hand: Hand, admin: Any) -> None:
    """Whoever reads a backup must not be able to act as the bank."""
    machine = Machine()
    await register(db, machine)
    token = await token_for(db, machine.assertion(hand.at))

    stored = await admin.fetchval("select encode(token_hash, 'escape') from client_tokens")

    assert token.access_token not in stored


async def test_19_an_unsigned_or_wrongly_signed_assertion_is_refused(db: Database, hand: Hand) -> None:
    """Row 19: alg none, HS256 keyed with the public key, another key, a changed payload, a swapped algorithm."""
    machine, thief = Machine(), Machine()
    client = await register(db, machine)
    thief.client_id = client.client_id
    good = machine.assertion(hand.at)
    header, payload, signature = good.split(".")
    _, other_payload, _ = machine.assertion(hand.at).split(".")
    es256 = Machine("ES256", client_id=client.client_id)

    codes = [
        await refused(token_for(db, text))
        for text in (
            machine.unsigned(hand.at),
            machine.hmac_with_public_key(hand.at),
            thief.assertion(hand.at),
            f"{header}.{other_payload}.{signature}",
            f"{header}.{payload}.",
            f"{header}.{payload}.{'A' * 86}",
            es256.assertion(hand.at),
        )
    ]

    assert codes == ["invalid-assertion"] * 7


async def test_19_keys_come_from_the_table_only(db: Database, hand: Hand) -> None:
    """Row 19: jku, x5u, jwk, crit and a kid that is a path, SQL or URL fetch nothing and prove nothing."""
    machine = Machine()
    await register(db, machine)

    codes = [
        await refused(token_for(db, machine.assertion(hand.at, header)))
        for header in (
            {"jku": "https://bank.example.com/jwks"},
            {"x5u": "https://bank.example.com/cert"},
            {"jwk": machine.signing_jwk},
            {"crit": ["exp"]},
            {"kid": "../sig-1"},
            {"kid": "' or '1'='1"},
            {"kid": "https://bank.example.com/k"},
            {"kid": "sig-2"},
            {"kid": "enc-1"},
        )
    ]

    assert codes == ["invalid-assertion"] * 9


async def test_20_an_assertion_is_used_once(db: Database, hand: Hand) -> None:
    """Row 20: of ten copies that race, one gets a token; later copies get none."""
    machine = Machine()
    await register(db, machine)
    assertion = machine.assertion(hand.at)

    async def attempt() -> str:
        return (await refused(token_for(db, assertion))).partition(":")[0]

    codes = await asyncio.gather(*(attempt() for _ in range(10)))
    later = await attempt()

    assert sorted(codes) == ["invalid-assertion"] * 9 + ["not refused"]
    assert later == "invalid-assertion"


async def test_20_the_same_jti_under_a_new_signature_is_still_used(db: Database, hand: Hand) -> None:
    """Row 20: it is the id that is used up, not the text."""
    machine = Machine()
    await register(db, machine)
    await token_for(db, machine.assertion(hand.at, jti="once-and-no-more"))

    code = await refused(token_for(db, machine.assertion(hand.turn(seconds=1), jti="once-and-no-more")))

    assert code == "invalid-assertion"


async def test_20_two_machines_may_use_the_same_jti(db: Database, hand: Hand) -> None:
    """Keys unique per tenant: one bank must not be able to use up another's ids."""
    one, two = Machine(), Machine()
    await register(db, one)
    await register(db, two, by=OTHER_ADMIN)

    tokens = [await token_for(db, machine.assertion(hand.at, jti="the-very-same-id")) for machine in (one, two)]

    assert [token.bank_id for token in tokens] == [BANK, OTHER_BANK]


async def test_20_wrong_audience_and_lifetime_are_refused_with_a_good_signature(db: Database, hand: Hand) -> None:
    """Row 20: a valid signature does not excuse a list as audience, the token endpoint, a year of life or +61 s."""
    machine = Machine()
    await register(db, machine)
    at = int(hand.at.timestamp())

    codes = [
        await refused(token_for(db, machine.assertion(hand.at, **changed)))
        for changed in (
            {"aud": [ISSUER]},
            {"aud": ISSUER + "/token"},
            {"exp": at + 365 * 86400},
            {"nbf": at + 61},
            {"iat": at + 61, "exp": at + 70},
        )
    ]

    assert codes == ["invalid-assertion"] * 5


async def test_an_assertion_of_one_machine_names_no_other(db: Database, hand: Hand) -> None:
    """The claim decides which client's keys are looked at; another client's key of the same kid is no key."""
    one, two = Machine(), Machine()
    await register(db, one, "one")
    await register(db, two, "two")

    code = await refused(token_for(db, one.assertion(hand.at, iss=str(two.client_id), sub=str(two.client_id))))

    assert code == "invalid-assertion"


async def test_an_old_signing_key_works_a_day_beside_its_successor(db: Database, hand: Hand) -> None:
    """Rotation without a gap: the bank switches when it is ready, within 24 hours."""
    old, new = Machine(), Machine(kid="sig-2")
    client = await register(db, old)
    new.client_id = client.client_id
    await by_bank(db, clients.rotate_key, client.client_id, Use.SIGNING, new.signing_jwk)

    hand.turn(hours=24, seconds=-1)
    within = [await token_for(db, machine.assertion(hand.at)) for machine in (old, new)]
    hand.turn(seconds=1)
    after = await refused(token_for(db, old.assertion(hand.at)))

    assert (len(within), after) == (2, "invalid-assertion")
    assert await token_for(db, new.assertion(hand.at))


async def test_packages_go_to_the_newest_encryption_key(db: Database, hand: Hand) -> None:
    """The old private key may have been given up the moment its successor was registered."""
    machine = Machine()
    client = await register(db, machine)
    later = Machine().encryption_jwk | {"kid": "enc-2"}
    hand.turn(seconds=1)
    await by_bank(db, clients.rotate_key, client.client_id, Use.ENCRYPTION, later)

    async with db.reading(Role.BANK, Scope(org_id=BANK)) as tx:
        key = await clients.encryption_key(tx, client.client_id)

    assert (key.kid, key.jwk) == ("enc-2", later)


async def test_a_withdrawn_key_proves_nothing_any_more(db: Database, hand: Hand) -> None:
    """A lost key has no 24 hours."""
    machine = Machine()
    client = await register(db, machine)
    await by_bank(db, clients.withdraw_key, client.client_id, "sig-1")

    assert await refused(token_for(db, machine.assertion(hand.at))) == "invalid-assertion"
    assert await refused(by_bank(db, clients.withdraw_key, client.client_id, "sig-1")) == "not-found"


async def test_a_disabled_machine_is_refused_on_the_next_request(db: Database, hand: Hand) -> None:
    """P24: its token still has minutes to live, and its key is still good."""
    machine = Machine()
    client = await register(db, machine)
    token = await token_for(db, machine.assertion(hand.at))
    await by_bank(db, clients.disable_client, client.client_id)

    assert await seat_of(db, token.access_token) is None
    assert await refused(token_for(db, machine.assertion(hand.at))) == "invalid-assertion"
    assert await refused(by_bank(db, clients.disable_client, client.client_id)) == "wrong-state"


async def test_a_bank_sees_and_changes_its_own_machines_only(db: Database, hand: Hand) -> None:
    """P16: another bank's machine is not found, by id or in a list."""
    machine = Machine()
    client = await register(db, machine)
    new = Machine(kid="sig-2").signing_jwk

    codes = [
        await refused(by_bank(db, clients.disable_client, client.client_id, by=OTHER_ADMIN)),
        await refused(by_bank(db, clients.rotate_key, client.client_id, Use.SIGNING, new, by=OTHER_ADMIN)),
        await refused(by_bank(db, clients.withdraw_key, client.client_id, "sig-1", by=OTHER_ADMIN)),
    ]
    async with db.reading(Role.BANK, Scope(org_id=OTHER_BANK)) as tx:
        seen = await clients.list_clients(tx), await clients.list_keys(tx, client.client_id)

    assert (codes, seen) == (["not-found"] * 3, ([], []))


async def test_keys_that_cannot_be_are_refused(db: Database, hand: Hand) -> None:
    """Faults that only the curve or the table can tell: a point off the curve, a kid or a key registered before."""
    machine = Machine("ES256")
    client = await register(db, machine)
    off_curve = {**machine.signing_jwk, "kid": "sig-2", "y": "A" * 43}
    again = {**machine.signing_jwk, "kid": "sig-3"}
    same_kid = Machine("ES256").signing_jwk

    reasons = []
    for jwk in (off_curve, again, same_kid):
        with pytest.raises(Refusal) as refusal:
            await by_bank(db, clients.rotate_key, client.client_id, Use.SIGNING, jwk)
        reasons.append(refusal.value.extra["reason"])

    assert reasons == ["coordinate", "known", "known"]


async def test_one_key_is_not_registered_for_both_uses(db: Database, hand: Hand) -> None:
    """A key that signs and decrypts lets one protocol be turned against the other."""
    machine = Machine("ES256")
    jwk = machine.signing_jwk

    code = await refused(
        by_bank(db, clients.register_client, "core", signing_key=jwk, encryption_key={**jwk, "kid": "enc-1"})
    )

    assert code == "invalid-key"


async def test_two_machines_of_one_bank_need_two_names(db: Database, hand: Hand) -> None:
    """The head office tells them apart by name; another bank may use the same."""
    await register(db, Machine())
    await register(db, Machine(), by=OTHER_ADMIN)

    assert await refused(register(db, Machine())) == "already-exists"


async def test_what_is_over_is_forgotten_and_a_replay_stays_refused(db: Database, hand: Hand) -> None:
    """The table of used ids must not grow for ever, and must not forget too early."""
    machine = Machine()
    await register(db, machine)
    assertion = machine.assertion(hand.at)
    await token_for(db, assertion)

    hand.turn(seconds=69)  # The assertion could still pass the clock.
    async with db.transaction(Role.WORKER) as tx:
        early = await clients.forget_expired(tx)
    replay = await refused(token_for(db, assertion))
    hand.turn(minutes=10)
    async with db.transaction(Role.WORKER) as tx:
        late = await clients.forget_expired(tx)

    assert (early, replay, late) == (0, "invalid-assertion", 2)
    assert await refused(token_for(db, assertion)) == "invalid-assertion"


async def test_refusals_say_nothing_about_why(db: Database, hand: Hand) -> None:
    """An unknown client and a wrong signature look the same from outside."""
    machine, stranger = Machine(), Machine(client_id=UUID(int=999))
    client = await register(db, machine)
    thief = Machine(client_id=client.client_id)

    said = []
    for assertion in (stranger.assertion(hand.at), thief.assertion(hand.at), "x.y.z"):
        with pytest.raises(Refusal) as refusal:
            await token_for(db, assertion)
        said.append((refusal.value.detail, refusal.value.extra))

    assert len({str(words) for words in said}) == 1
