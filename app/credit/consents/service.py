"""Commands of consents: sign a letter, use it under the gate, take it back."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.access import audit
from app.access.seats import Seat
from app.credit import catalogue
from app.credit.consents import rules, store
from app.credit.consents.events import ConsentAmended, ConsentGranted, ConsentRevoked
from app.credit.consents.rules import Consent, Flaw, Grant, Purpose, Use, Why
from app.infra import outbox
from app.infra.db import Database, ReadTx, Role, Scope, Tx
from app.kernel.clock import SHANGHAI, shanghai_date
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.office import policies

Alive = Callable[[ReadTx, Consent], Awaitable[bool]]
LockFirst = Callable[[Tx, Consent], Awaitable[None]]

FLAW_CODES: Final[Mapping[Flaw, str]] = {
    Flaw.NO_CLASS: "malformed-field",
    Flaw.BAD_CLASS: "malformed-field",
    Flaw.BAD_TIME: "bad-time",
    Flaw.NOT_THE_PERSON: "consent-missing",
}
PURPOSE_TITLES: Final[Mapping[Purpose, str]] = {
    Purpose.PRE_LOAN: "贷前审查",
    Purpose.IN_LOAN: "贷中审查",
    Purpose.POST_LOAN: "贷后管理",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names that stand in the letter, as registered on the day it is signed."""

    grantor: str
    bank: str
    branch: str
    person: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The letter as it is shown before it is signed: `text_hash` is SHA-256 of `text`, lower-case hex."""

    version: int
    text: str
    text_hash: str


async def write_letter(tx: ReadTx, grant: Grant, names: Names, *, now: datetime) -> Letter:
    """Render the text in force today for this grant. A class outside the catalogue is refused."""
    kind = "firm" if grant.person_subject_id is None else "person"
    policy = await policies.in_force(tx, "consent_text", kind, shanghai_date(now))
    edition = await catalogue.edition_on(tx, shanghai_date(now))
    titles = {data_class.value: title for data_class, title in edition.classes.items()}
    unknown = [data_class for data_class in grant.data_classes if data_class not in titles]
    if unknown:
        raise Refusal("malformed-field", "授权书未列明该数据类别", reason=Flaw.BAD_CLASS.value, data_classes=unknown)
    slots = {
        "grantor": names.grantor,
        "bank": names.bank,
        "branch": names.branch,
        "person": names.person,
        "purpose": PURPOSE_TITLES[grant.purpose],
        "data_classes": "、".join(titles[data_class] for data_class in grant.data_classes),
        "valid_from": grant.valid_from.astimezone(SHANGHAI).strftime("%Y-%m-%d"),
        "valid_to": grant.valid_to.astimezone(SHANGHAI).strftime("%Y-%m-%d"),
    }
    text = rules.render_text(policy.body, slots)
    return Letter(version=policy.version, text=text, text_hash=rules.hash_text(text))


async def grant(tx: Tx, letter: Grant, *, names: Names, by: Seat, now: datetime, seen_hash: str | None = None) -> UUID:
    """Sign one letter in the caller's transaction; returns its id.

    `seen_hash` is the hash of the text that the signer was shown: when the text in force has changed meanwhile, the
    signature is refused (`conflict`). One letter per order, bank, purpose and subject may stand (`already-exists`).
    """
    flaw = rules.judge_grant(letter)
    if flaw is not None:
        raise Refusal(FLAW_CODES[flaw], reason=flaw.value)
    if letter.business_id != by.org_id:
        raise Refusal("forbidden")
    shown = await write_letter(tx, letter, names, now=now)
    if seen_hash is not None and seen_hash != shown.text_hash:
        raise Refusal("conflict", "授权书文本已更新，请重新阅读后签署")
    consent_id = new_id()
    signed = (shown.version, shown.text, shown.text_hash)
    if not await store.insert(tx, consent_id, letter, signed, by=by.person_id, now=now):
        raise Refusal("already-exists", "该银行已有同一用途的有效授权")
    await _note(tx, "consent.granted", consent_id, letter)
    granted = ConsentGranted(
        stream_id=letter.order_id,
        at=now,
        consent_id=consent_id,
        order_id=letter.order_id,
        business_id=letter.business_id,
        bank_id=letter.bank_id,
        branch_id=letter.branch_id,
        purpose=letter.purpose.value,
    )
    await outbox.record(tx, granted)
    return consent_id


async def check(
    tx: ReadTx,
    consent_id: UUID,
    *,
    bank_id: UUID,
    branch_id: UUID,
    purpose: str,
    now: datetime,
    data_classes: Collection[str] = (),
    subject_id: UUID | None = None,
    alive: Alive | None = None,
) -> Consent:
    """Let a reader in, or refuse; the consent stays locked FOR SHARE until the caller's transaction ends.

    Whatever is decrypted must be decrypted inside that transaction and sent after its commit: then a revocation that
    was acknowledged has waited for it. The transaction may not be READ ONLY (PostgreSQL locks no row there).
    `data_classes` and `subject_id` say what is about to be read; leave `subject_id` out only when the data was bound
    to the consent when it was sealed. A consent lives as long as its suborder, which this room can't see: pass
    `alive`, called under the lock, or check it under the suborder's lock before (orders come before consents in the
    lock order). Refusals: `consent-missing` or `consent-grantee`, with `reason` = a `Why`.
    """
    use = Use(
        bank_id=bank_id,
        branch_id=branch_id,
        purpose=purpose,
        at=now,
        data_classes=tuple(data_classes),
        subject_id=subject_id,
    )
    consent = await store.lock_for_use(tx, consent_id, use)
    if consent is None:
        # Only to name the reason. If a gate closed in between, the letter may look sound here: it was revoked.
        raise _refused(rules.judge_use(await store.read(tx, consent_id), use) or Why.REVOKED)
    if alive is not None and not await alive(tx, consent):
        raise _refused(Why.SUBORDER_ENDED)
    return consent


async def close_gate(db: Database, consent_id: UUID, *, order_id: UUID, by: Seat, now: datetime) -> Consent:
    """First half of a revocation, in a committed transaction of its own: from here on nobody enters."""
    scope = Scope(org_id=by.org_id, actor_id=by.person_id, case_id=order_id)
    async with db.transaction(Role.ACT, scope) as tx:
        consent = await store.read(tx, consent_id)
        if consent is None or consent.order_id != order_id or consent.business_id != by.org_id:
            raise Refusal("not-found")
        if await store.insert_gate(tx, consent, by=by.person_id, now=now):
            await _note(tx, "consent.gate-closed", consent_id, consent)
        return consent


async def finish_revocation(tx: Tx, consent_id: UUID, *, now: datetime) -> Consent:
    """Second half, in the caller's transaction: wait for the readers inside, write the instant, tell the house.

    Repeating it changes nothing and tells nobody twice. Refused (`not-found`) when no gate was closed before.
    """
    fresh = await store.mark_revoked(tx, consent_id, now=now)
    consent = await store.read(tx, consent_id)
    if consent is None or consent.revoked_at is None:
        raise Refusal("not-found")
    if fresh:
        await _note(tx, "consent.revoked", consent_id, consent)
        await outbox.record(tx, _revoked(consent, now))
    return consent


async def revoke(
    db: Database, consent_id: UUID, *, order_id: UUID, by: Seat, now: datetime, lock_first: LockFirst | None = None
) -> Consent:
    """Take a letter back in two transactions: gate, then revocation. When this returns, no late plaintext can follow.

    `lock_first` takes the locks that stand before a consent in the lock order (the order, its suborders, its pools):
    pass it when a listener of `ConsentRevoked` will want them in the same transaction. A process that dies between
    the two halves leaves a closed gate: access has ended, and `jobs.finish_revocations` writes the rest.
    """
    consent = await close_gate(db, consent_id, order_id=order_id, by=by, now=now)
    scope = Scope(org_id=by.org_id, actor_id=by.person_id, case_id=order_id)
    async with db.transaction(Role.ACT, scope) as tx:
        if lock_first is not None:
            await lock_first(tx, consent)
        return await finish_revocation(tx, consent_id, now=now)


async def amend_branch(tx: Tx, consent_id: UUID, branch_id: UUID, *, by: Seat, now: datetime) -> None:
    """Put another branch of the same bank in the place of the stated one; the signed letter stays as it is.

    The caller vouches for the branch being the bank's, and tells the firm. Refuses `consent-missing` when the letter
    is gone or being revoked.
    """
    consent = await store.read(tx, consent_id)
    if consent is None or consent.gated or consent.revoked_at is not None:
        raise Refusal("consent-missing")
    await store.insert_amendment(tx, consent, branch_id, by=by.person_id, now=now)
    await _note(tx, "consent.amended", consent_id, consent)
    amended = ConsentAmended(
        stream_id=consent.order_id, at=now, consent_id=consent_id, order_id=consent.order_id,
        business_id=consent.business_id, bank_id=consent.bank_id, from_branch_id=consent.branch_id,
        branch_id=branch_id,
    )  # fmt: skip
    await outbox.record(tx, amended)


async def find_for_order(tx: ReadTx, *order_ids: UUID) -> tuple[Consent, ...]:
    """The letters of an order, or of several, that the caller's audience may see, oldest first."""
    return await store.read_for_orders(tx, order_ids)


async def read_letter(tx: ReadTx, consent_id: UUID) -> str:
    """The text that was signed, to show or to print. Refused (`not-found`) when the audience may not see it."""
    letter = await store.read_letter(tx, consent_id)
    if letter is None:
        raise Refusal("not-found")
    return letter


def _refused(why: Why) -> Refusal:
    code = "consent-grantee" if why in rules.WRONG_GRANTEE else "consent-missing"
    return Refusal(code, reason=why.value)


def _revoked(consent: Consent, now: datetime) -> ConsentRevoked:
    return ConsentRevoked(
        stream_id=consent.order_id,
        at=now,
        consent_id=consent.consent_id,
        order_id=consent.order_id,
        business_id=consent.business_id,
        bank_id=consent.bank_id,
        branch_id=consent.branch_id,
        purpose=consent.purpose.value,
    )


async def _note(tx: Tx, act: str, consent_id: UUID, letter: Grant | Consent) -> None:
    subject_id = letter.person_subject_id or letter.grantor_subject_id
    detail = {"consent_id": str(consent_id), "bank_id": str(letter.bank_id), "purpose": letter.purpose.value}
    await audit.write(tx, act, subject_id=subject_id, case_id=letter.order_id, detail=detail)
