"""Mailboxes and copies: told once, read by whom it concerns, sent to confirmed addresses only, each try kept."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import pytest

from app.access.seats import Seat, SeatRole
from app.infra import vault
from app.infra.db import Database, Role, Scope
from app.infra.http import Outgoing
from app.kernel.clock import Clock
from app.kernel.errors import Refusal
from app.office import messages
from app.office.messages import Audience, Draft, Mailbox, Recorder, Relay
from app.office.messages.rules import Channel, CodeFault
from app.office.messages.service import addresses, boxes
from app.web import i18n

FIRM, OTHER_FIRM, BANK, BRANCH, OTHER_BRANCH = (UUID(int=n) for n in (1, 2, 3, 4, 5))
OWNER = Seat(UUID(int=11), FIRM, SeatRole.BUSINESS, seat_id=UUID(int=111))
STRANGER = Seat(UUID(int=12), OTHER_FIRM, SeatRole.BUSINESS, seat_id=UUID(int=112))
CLERK = Seat(UUID(int=13), BANK, SeatRole.BRANCH_CLERK, branch_id=BRANCH, seat_id=UUID(int=113))
NEIGHBOUR = Seat(UUID(int=14), BANK, SeatRole.BRANCH_CLERK, branch_id=OTHER_BRANCH, seat_id=UUID(int=114))
ADMIN = Seat(UUID(int=15), BANK, SeatRole.BANK_ADMIN, seat_id=UUID(int=115))
WATCHER = Seat(UUID(int=16), UUID(int=6), SeatRole.REGULATOR, seat_id=UUID(int=116))
ROLES = {"business": Role.BUSINESS, "branch_clerk": Role.BANK, "bank_admin": Role.BANK, "regulator": Role.REGULATOR}
START = datetime(2026, 9, 1, 2, tzinfo=UTC)
CASE = UUID(int=99)
FIRMS_BOX = Mailbox(Audience.FIRM, FIRM)
TRIES = """select count(*) from message_attempts t join message_sendings s using (sending_id)
            where s.message_id is not null"""


class Hand:
    """A wall clock that tests turn by hand."""

    at = START


@pytest.fixture(autouse=True)
def hand(db: Database, tmp_path: Path) -> Hand:
    vault.unlock(tmp_path / "keys")
    hand = Hand()
    db.wall = Clock(lambda: hand.at)
    i18n.use("zh")
    return hand


def act(db: Database, by: Seat) -> Any:
    return db.transaction(ROLES[by.role], Scope(org_id=by.org_id, actor_id=by.person_id, branch_id=by.branch_id))


def offered(mailbox: Mailbox = FIRMS_BOX) -> Draft:
    slots: Mapping[str, str | int] = {"amount_fen": 50_000_000, "rate_ppm": 61_000, "days": 10, "bank": "XY 银行"}
    return Draft(mailbox, "firm.offered", slots, f"/my/orders/{CASE}", CASE)


async def write(db: Database, draft: Draft, at: datetime = START) -> bool:
    async with db.transaction(Role.WORKER) as tx:
        return await messages.write(tx, draft, at=at)


async def confirmed(db: Database, recorder: Recorder, by: Seat = OWNER, channel: Channel = Channel.SMS) -> UUID:
    """An address that was confirmed with the code that was sent to it."""
    async with act(db, by) as tx:
        address = await addresses.set_address(tx, channel, "19900000000", by=by)
    assert await messages.send_due(db, recorder) == 1
    code = lines(recorder)[-1]["text"].split("验证码是 ")[1][:6]
    async with act(db, by) as tx:
        assert await addresses.confirm_address(tx, address.address_id, code, by=by) is None
    return address.address_id


def lines(recorder: Recorder) -> list[dict[str, str]]:
    return [json.loads(line) for line in recorder.file.read_text().splitlines()] if recorder.file.exists() else []


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path / "messages" / "recorded.jsonl")


async def test_a_message_is_told_once_and_is_new_until_it_was_looked_at(db: Database) -> None:
    """The outbox delivers at least once; a reader must not see double."""
    first, again = await write(db, offered()), await write(db, offered())

    async with act(db, OWNER) as tx:
        before = await messages.count_new(tx, OWNER)
        shown = await messages.read_box(tx, OWNER)
        await boxes.note_seen(tx, OWNER, shown)
    async with act(db, OWNER) as tx:
        after = await messages.count_new(tx, OWNER)

    assert (True, False, 1, [True], 0) == (first, again, before, [one.is_new for one in shown], after)


@pytest.mark.parametrize(
    ("box", "readers"),
    [
        (Mailbox(Audience.FIRM, FIRM), {OWNER}),
        (Mailbox(Audience.BRANCH, BANK, BRANCH), {CLERK}),
        (Mailbox(Audience.HEAD_OFFICE, BANK), {ADMIN}),
        (Mailbox(Audience.SUPERVISOR), {WATCHER}),
    ],
    ids=lambda value: value.audience.value if isinstance(value, Mailbox) else "",
)
async def test_a_message_is_read_by_whom_it_concerns_alone(db: Database, box: Mailbox, readers: set[Seat]) -> None:
    """Not another firm, not another branch of the bank, not the head office in the branch's place."""
    await write(db, offered(box))

    saw = set()
    for seat in (OWNER, STRANGER, CLERK, NEIGHBOUR, ADMIN, WATCHER):
        async with act(db, seat) as tx:
            if await messages.read_box(tx, seat):
                saw.add(seat)

    assert readers == saw


async def test_row_security_hides_what_the_query_forgot(db: Database) -> None:
    """The policy stands behind the condition: a select without one shows no more."""
    await write(db, offered())
    await write(db, offered(Mailbox(Audience.BRANCH, BANK, BRANCH)))

    counts = []
    for seat in (OWNER, STRANGER, CLERK, NEIGHBOUR, ADMIN, WATCHER):
        async with act(db, seat) as tx:
            counts.append(await tx.value("select count(*) from messages"))

    assert [1, 0, 1, 0, 0, 2] == counts


async def test_a_copy_goes_to_a_confirmed_address_and_to_no_other(db: Database, recorder: Recorder) -> None:
    """An address that nobody has confirmed may be a stranger's."""
    await confirmed(db, recorder)
    async with act(db, OWNER) as tx:
        await addresses.set_address(tx, Channel.EMAIL, "boss@firm.example", by=OWNER)
    await messages.send_due(db, recorder)
    had = len(lines(recorder))

    await write(db, offered())
    sent = await messages.send_due(db, recorder)

    assert 1 == sent
    assert [
        (
            "sms",
            "19900000000",
            "【信易贷·渝惠融】XY 银行给出授信方案：¥50 万，年利率 6.10 %，10 个工作日内有效。 详情请登录查看。",
        )
    ] == [(one["channel"], one["to"], one["text"]) for one in lines(recorder)[had:]]


async def test_a_removed_address_gets_nothing_that_was_not_sent_yet(db: Database, recorder: Recorder) -> None:
    """To be left alone means from now on."""
    await confirmed(db, recorder)
    await write(db, offered())
    async with act(db, OWNER) as tx:
        await addresses.remove_address(tx, Channel.SMS, by=OWNER)
    had = len(lines(recorder))

    await messages.send_due(db, recorder)

    assert had == len(lines(recorder))
    async with db.reading(Role.WORKER) as tx:
        found = await tx.row("select state, why from message_sendings where message_id is not null")
    assert found is not None
    assert ("failed", "expired") == tuple(found)


async def test_a_code_is_guessed_five_times_at_most_and_lasts_a_quarter_of_an_hour(
    db: Database, recorder: Recorder, hand: Hand
) -> None:
    """Six digits withstand five guesses, not a million."""
    async with act(db, OWNER) as tx:
        address = await addresses.set_address(tx, Channel.SMS, "19900000000", by=OWNER)
    await messages.send_due(db, recorder)
    right = lines(recorder)[-1]["text"].split("验证码是 ")[1][:6]
    wrong = f"{(int(right) + 1) % 10**6:06d}"

    faults = []
    for typed in [wrong] * 5 + [right]:
        async with act(db, OWNER) as tx:
            faults.append(await addresses.confirm_address(tx, address.address_id, typed, by=OWNER))
    hand.at += timedelta(minutes=15)
    async with act(db, OWNER) as tx:
        faults.append(await addresses.confirm_address(tx, address.address_id, right, by=OWNER))

    assert [CodeFault.WRONG] * 5 + [CodeFault.TOO_MANY, CodeFault.EXPIRED] == faults


async def test_anothers_address_does_not_exist(db: Database, recorder: Recorder) -> None:
    """It answers like one that never was."""
    address_id = await confirmed(db, recorder)

    async with act(db, STRANGER) as tx:
        with pytest.raises(Refusal) as refused:
            await addresses.confirm_address(tx, address_id, "000000", by=STRANGER)

    assert "not-found" == refused.value.code


async def test_neither_address_nor_code_stands_in_clear(db: Database, recorder: Recorder, admin: Any) -> None:
    """Whoever gets hold of the tables alone learns no number and no mailbox."""
    async with act(db, OWNER) as tx:
        await addresses.set_address(tx, Channel.SMS, "19900001234", by=OWNER)
    await messages.send_due(db, recorder)
    code = lines(recorder)[-1]["text"].split("验证码是 ")[1][:6]

    rows = [str(dict(row)) for row in await admin.fetch("select * from message_addresses")]

    assert rows
    assert not [row for row in rows if "19900001234" in row or code in row or code.encode().hex() in row]


async def test_a_supervisor_sees_that_a_copy_was_sent_and_never_where_to(db: Database, recorder: Recorder) -> None:
    """Each message of a case with what became of it; of addresses nothing, not even how many there are."""
    await confirmed(db, recorder)
    await write(db, offered())
    await messages.send_due(db, recorder)

    async with act(db, WATCHER) as tx:
        told = await messages.told_of(tx, CASE)
        addresses_seen = await tx.value("select count(*) from message_addresses")
        copies = await messages.copies_since(tx, START)

    assert [("firm", "firm.offered", 1, 0)] == [(one.audience, one.kind, one.sent, one.failed) for one in told]
    assert 0 == addresses_seen
    assert [("sms", "sent", "recorded", 1)] == [(one.channel, one.state, one.why, one.copies) for one in copies]


class Provider(HTTPServer):
    """A relay on a free loopback port that answers with the given statuses in turn, and keeps what it was sent."""

    def __init__(self, statuses: list[int]) -> None:
        self.statuses, self.heard = statuses, []  # type: tuple[list[int], list[dict[str, Any]]]
        super().__init__(("127.0.0.1", 0), Answering)
        Thread(target=self.serve_forever, daemon=True).start()


class Answering(BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.heard.append({**body, "key": self.headers["idempotency-key"], "who": self.headers["authorization"]})
        self.send_response(self.server.statuses.pop(0))
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
async def http() -> AsyncIterator[Outgoing]:
    async with Outgoing(loopback=["127.0.0.1"], seconds_max=2) as client:
        yield client


@pytest.mark.parametrize(
    ("statuses", "tries", "state", "why"),
    [
        ([202], 1, "sent", "sent"),
        ([503, 202], 2, "sent", "sent"),
        ([400], 1, "failed", "refused"),
        ([503, 503, 503], 3, "failed", "server-error"),
    ],
)
async def test_a_relay_is_tried_three_times_under_one_key(
    db: Database, recorder: Recorder, http: Outgoing, hand: Hand, statuses: list[int], tries: int, state: str, why: str
) -> None:
    """The provider can tell a repetition by its key; what it refuses is not tried again."""
    await confirmed(db, recorder)
    await write(db, offered())
    provider = Provider(list(statuses))
    relay = Relay(http, f"http://127.0.0.1:{provider.server_address[1]}/send", "secret-token")

    for _ in range(5):
        await messages.send_due(db, relay)
        hand.at += timedelta(minutes=11)
    provider.shutdown()
    provider.server_close()

    async with db.reading(Role.WORKER) as tx:
        row = await tx.row("select state, why, tries from message_sendings where message_id is not null")
        kept = await tx.value(TRIES)
    assert row is not None
    assert (state, why, tries, tries) == (*row, kept)
    assert (1, {"Bearer secret-token"}) == (
        len({one["key"] for one in provider.heard}),
        {one["who"] for one in provider.heard},
    )
