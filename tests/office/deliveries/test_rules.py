"""How notices look and when they are tried again, held against two other verifiers."""

import hashlib
import hmac
import random
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app.kernel.ids import new_id
from app.office.deliveries.rules import (
    WAITS,
    Outcome,
    Scheme,
    SecretFault,
    body_of,
    judge_kinds,
    judge_secret,
    judge_status,
    kind_of,
    next_try_at,
    webhook_id,
)
from app.office.deliveries.service import signing

AT = datetime(2025, 9, 25, 2, tzinfo=UTC)


def random_bodies(count: int) -> list[tuple[str, bytes]]:
    source = random.Random(20250925)
    words = ("order_id", "suborder_id", "package_id", "branch_id", "offer_id")
    return [
        (
            webhook_id(new_id()),
            body_of(
                source.choice(("package.sealed", "suborder.pushed")),
                source.randrange(1, 10**12),
                AT + timedelta(seconds=source.randrange(10**8)),
                {word: UUID(int=source.getrandbits(128)) for word in source.sample(words, source.randrange(1, 6))},
            ),
        )
        for _ in range(count)
    ]


def hand_verified(key: signing.Key, name: str, stamp: int, body: bytes, header: str) -> bool:
    """A verifier written from the specification, not from our signer."""
    content = name.encode() + b"." + str(stamp).encode() + b"." + body
    for part in header.split(" "):
        version, _, text = part.partition(",")
        if version == "v1" and key.scheme is Scheme.V1:
            mac = hmac.digest(b64decode(key.shown.removeprefix("whsec_")), content, hashlib.sha256)
            if hmac.compare_digest(mac, b64decode(text)):
                return True
        if version == "v1a" and key.scheme is Scheme.V1A:
            public = Ed25519PublicKey.from_public_bytes(b64decode(key.shown.removeprefix("whpk_")))
            try:
                public.verify(b64decode(text), content)
            except InvalidSignature:
                continue
            return True
    return False


@pytest.mark.parametrize("scheme", list(Scheme))
def test_a_verifier_written_by_hand_agrees_on_a_thousand_bodies(scheme: Scheme) -> None:
    """P13: a bank that reads the specification and nothing of ours can verify."""
    key, stamp = signing.new_key(scheme), int(AT.timestamp())

    agreed = [
        hand_verified(key, name, stamp, body, signing.signatures([key], name, stamp, body))
        for name, body in random_bodies(1000)
    ]

    assert agreed == [True] * 1000


def test_the_standard_library_of_webhooks_agrees_on_a_thousand_bodies() -> None:
    """P13: `standardwebhooks` is what most banks will use; it checks the timestamp too, so it is signed now."""
    key = signing.new_key(Scheme.V1)
    stamp = int(datetime.now(UTC).timestamp())
    oracle = Webhook(key.shown)

    for name, body in random_bodies(1000):
        signature = signing.signatures([key], name, stamp, body)
        sent = {"webhook-id": name, "webhook-timestamp": str(stamp), "webhook-signature": signature}
        assert oracle.verify(body.decode(), sent) is not None


@pytest.mark.parametrize("scheme", list(Scheme))
def test_a_change_of_any_byte_is_noticed(scheme: Scheme) -> None:
    """P13: body, id, timestamp and signature."""
    key, stamp = signing.new_key(scheme), int(AT.timestamp())
    ((name, body),) = random_bodies(1)
    header = signing.signatures([key], name, stamp, body)

    passed = []
    for position in range(len(body)):
        changed = body[:position] + bytes([body[position] ^ 1]) + body[position + 1 :]
        passed.append(hand_verified(key, name, stamp, changed, header))
    passed.append(hand_verified(key, name + "0", stamp, body, header))
    passed.append(hand_verified(key, name, stamp + 1, body, header))
    passed.append(hand_verified(signing.new_key(scheme), name, stamp, body, header))

    assert not any(passed)


def test_the_oracle_refuses_another_secret() -> None:
    """Otherwise the agreement above would prove nothing."""
    key, other = signing.new_key(Scheme.V1), signing.new_key(Scheme.V1)
    stamp = int(datetime.now(UTC).timestamp())
    ((name, body),) = random_bodies(1)
    sent = {
        "webhook-id": name,
        "webhook-timestamp": str(stamp),
        "webhook-signature": signing.signatures([other], name, stamp, body),
    }

    with pytest.raises(WebhookVerificationError):
        Webhook(key.shown).verify(body.decode(), sent)


def test_during_rotation_both_keys_verify_one_header() -> None:
    """P13: for 24 hours it does not matter which of the two a bank holds."""
    old, new = signing.new_key(Scheme.V1A), signing.new_key(Scheme.V1A)
    ((name, body),) = random_bodies(1)

    header = signing.signatures([new, old], name, 1, body)

    assert [hand_verified(key, name, 1, body, header) for key in (old, new)] == [True, True]


def test_a_body_holds_ids_and_nothing_else() -> None:
    """P13: no personal data leaves by a notice; a receiver that leaks its log leaks ids."""
    body = body_of("package.sealed", 7, AT, {"order_id": UUID(int=1), "package_id": UUID(int=2)})

    expected = (
        b'{"data":{"order_id":"00000000-0000-0000-0000-000000000001",'
        b'"package_id":"00000000-0000-0000-0000-000000000002"},'
        b'"seq":7,"timestamp":"2025-09-25T02:00:00Z","type":"package.sealed"}'
    )
    assert body == expected


def test_three_tries_with_growing_waits_and_then_none() -> None:
    """At once, after about five seconds, after about five minutes; then it is a dead letter."""
    notice_id = new_id()

    waits = [next_try_at(tries, notice_id, AT) for tries in range(4)]

    gaps = [(at - AT).total_seconds() if at else None for at in waits]
    assert gaps[0] == 0
    assert gaps[1] is not None
    assert 4.5 <= gaps[1] <= 5.5
    assert gaps[2] is not None
    assert 270 <= gaps[2] <= 330
    assert (gaps[3], len(WAITS)) == (None, 3)


def test_waits_are_spread_but_the_same_for_the_same_notice() -> None:
    """A bank that comes back is not met by everything in one second, and a replay of the schedule agrees."""
    notices = [new_id() for _ in range(200)]

    first = [next_try_at(1, notice_id, AT) for notice_id in notices]

    assert first == [next_try_at(1, notice_id, AT) for notice_id in notices]
    assert len(set(first)) > 10


STATUSES = [
    (200, "delivered"), (202, "delivered"), (204, "delivered"), (299, "delivered"), (301, "redirected"),
    (302, "redirected"), (307, "redirected"), (400, "refused"), (401, "refused"), (404, "refused"), (410, "gone"),
    (429, "refused"), (500, "server-error"), (503, "server-error"), (600, "server-error"), (100, "server-error"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "outcome"), STATUSES)
def test_every_status_means_something(status: int, outcome: str) -> None:
    """A redirect is a failure: following it would undo the check of the address."""
    assert judge_status(status) is Outcome(outcome)


@pytest.mark.parametrize(
    ("secret", "fault"),
    [
        ("whsec_" + b64encode(bytes(32)).decode(), None),
        (b64encode(bytes(64)).decode(), None),
        ("whsec_" + b64encode(bytes(31)).decode(), SecretFault.TOO_SHORT),
        ("whsec_AQ==", SecretFault.TOO_SHORT),
        ("", SecretFault.TOO_SHORT),
        ("whsec_" + b64encode(bytes(65)).decode(), SecretFault.TOO_LONG),
        ("whsec_é", SecretFault.NOT_BASE64),
        ("whsec_!!!!", SecretFault.NOT_BASE64),
        ("secret with blanks and enough characters", SecretFault.NOT_BASE64),
    ],
)
def test_a_shared_secret_has_at_least_32_bytes(secret: str, fault: SecretFault | None) -> None:
    """The library takes one byte; we do not."""
    assert judge_secret(secret) is fault


@pytest.mark.parametrize(
    ("kinds", "good"),
    [
        (("*",), True), (("package.sealed", "suborder.pushed"), True), ((), False), (("*", "package.sealed"), False),
        (("package.sealed", "package.sealed"), False), (("Package.Sealed",), False), (("package",), False),
        (("package.sealed\n",), False), (tuple(f"a{'b' * n}.c{'d' * n}" for n in range(1, 45)), False),
    ],
)  # fmt: skip
def test_a_list_of_kinds_is_all_or_some_each_once(kinds: tuple[str, ...], good: bool) -> None:
    """What an endpoint takes must be readable off its row."""
    assert judge_kinds(kinds) is good


def test_kinds_follow_from_the_names_of_events() -> None:
    """A new event needs no second list of names."""
    names = ["SuborderAccepted", "SuborderPassedOver", "PapersAsked", "ClockBreached", "PackageValueChanged"]

    expected = [
        "suborder.accepted", "suborder.passed_over", "papers.asked", "clock.breached", "package.value_changed",
    ]  # fmt: skip
    assert [kind_of(name) for name in names] == expected
