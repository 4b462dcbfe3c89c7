"""What a firm is shown before it signs, and what is sealed for a bank when the bank accepts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.access import audit
from app.credit import reports, subjects
from app.credit.consents import Consent, check
from app.infra import outbox, settings, vault
from app.infra.db import ReadTx, Tx
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market.packages import rules, store
from app.market.packages.events import PackageSealed, PackageValueChanged
from app.market.packages.rules import BankInput, Case, Entry, Letter, Shown, Status, Subject
from app.market.packages.service import envelopes


@dataclass(frozen=True, slots=True)
class Preview:
    """What a bank would see. `body` has items, coverage and gaps; `sha256` names exactly these bytes."""

    preview_id: UUID
    sha256: str
    body: dict[str, Any]
    previewed_at: datetime


def preview_place(preview_id: UUID, subject_id: UUID) -> vault.Place:
    return vault.Place("package_previews", "shown", preview_id, subject_id)


def package_place(package_id: UUID, subject_id: UUID) -> vault.Place:
    return vault.Place("packages", "jws", package_id, subject_id)


async def preview(
    tx: Tx, *, order_id: UUID, business_id: UUID, subject_id: UUID, bank_id: UUID, data_classes: Sequence[str]
) -> Preview:
    """Show what a bank would see under a consent for these classes, and keep it, unreadable at rest.

    Call it in the firm's own role, before it signs; the order may still be a draft. The caller has made sure that the
    subject is the firm's own (or the person's who is about to sign).
    """
    assert tx.org_id == business_id, "a firm is shown its own data"
    classes = tuple(data_classes)
    report = await reports.assemble(tx, subject_id, classes, as_of=tx.now, case_id=order_id)
    body = rules.compose_items(_entries(report), classes, tx.now)
    raw, preview_id = rules.canonical(body), new_id()
    sealed = await vault.seal(tx, preview_place(preview_id, subject_id), raw)
    digest = rules.digest(raw)
    await store.insert_preview(
        tx, (preview_id, order_id, business_id, subject_id, bank_id, list(classes), digest, sealed)
    )
    return Preview(preview_id, digest, body, tx.now)


async def seal(tx: Tx, case: Case, consent: Consent, *, as_of: datetime, inputs: Sequence[BankInput] = ()) -> UUID:
    """Seal the package of a suborder under a consent, once; returns its id.

    Call it in the transaction that accepts the suborder (role `act`), with the order locked. The consent is checked and
    held FOR SHARE. Refuses `consent-missing` or `consent-grantee` with `reason`: also when the consent is for another
    order, bank, branch or subject, or does not cover a class; and `already-exists`.
    """
    consent = await check(  # From here on what stands in the letter, not what the caller was handed.
        tx, consent.consent_id, bank_id=case.bank_id, branch_id=case.branch_id, purpose=consent.purpose, now=as_of,
        data_classes=consent.data_classes, subject_id=consent.opens_subject_id,
    )  # fmt: skip
    subject = await subjects.get(tx, consent.opens_subject_id)
    report = await reports.assemble(
        tx, subject.subject_id, consent.data_classes, as_of=as_of, case_id=case.order_id, consent_id=consent.consent_id
    )
    letter, entries = _letter(consent), _entries(report)
    if fault := rules.judge_scope(case, letter, report.subject_id, entries):
        grantee = fault in (rules.ScopeFault.OTHER_BANK, rules.ScopeFault.OTHER_BRANCH)
        raise Refusal("consent-grantee" if grantee else "consent-missing", reason=fault.value)
    shown = await _shown(tx, consent, subject.subject_id)
    known = Subject(subject.subject_id, subject.name, subject.uscc or subject.customer_no or "")
    body = rules.compose(case, letter, known, entries, as_of=as_of, edition=report.edition, shown=shown, inputs=inputs)
    package_id = new_id()
    await _keep(tx, package_id, case, consent, body)
    await _tell(tx, package_id, case, consent, rules.find_changes(shown, body["items"]))
    return package_id


async def _keep(tx: Tx, package_id: UUID, case: Case, consent: Consent, body: dict[str, Any]) -> None:
    """Sign, encrypt and write; the row says who may open it and nothing of what is in it."""
    claims, raw = rules.claims(body, issuer=settings.load().issuer, package_id=package_id, issued_at=tx.wall)
    token, kid = envelopes.sign(vault.ring(), raw)
    subject_id = consent.opens_subject_id
    sealed = await vault.seal(tx, package_place(package_id, subject_id), token.encode())
    preview_id = body["preview"].get("preview_id")
    head: dict[str, object] = {
        "package_id": package_id,
        "order_id": case.order_id,
        "suborder_id": case.suborder_id,
        "business_id": case.business_id,
        "bank_id": case.bank_id,
        "branch_id": case.branch_id,
        "subject_id": subject_id,
        "consent_id": consent.consent_id,
        "purpose": consent.purpose.value,
        "preview_id": UUID(preview_id) if preview_id else None,
        "as_of": datetime.fromisoformat(body["as_of"]),
        "sha256": claims["sha256"],
        "kid": kid,
        "items": len(body["items"]),
        "sealed_at": tx.now,
    }
    if not await store.insert_package(tx, head, sealed):
        raise Refusal("already-exists")
    detail = {"package_id": str(package_id), "consent_id": str(consent.consent_id), "bank_id": str(case.bank_id)}
    await audit.write(tx, "package.seal", subject_id=subject_id, case_id=case.order_id, detail=detail)


async def _tell(tx: Tx, package_id: UUID, case: Case, consent: Consent, changed: tuple[str, ...]) -> None:
    ids = {name: getattr(case, name) for name in ("order_id", "suborder_id", "business_id", "bank_id", "branch_id")}
    common = {"stream_id": case.order_id, "at": tx.now, "package_id": package_id, **ids}
    await outbox.record(tx, PackageSealed(**common, consent_id=consent.consent_id))
    if changed:
        await outbox.record(tx, PackageValueChanged(**common, consent_id=consent.consent_id, paths=changed))


async def _shown(tx: ReadTx, consent: Consent, subject_id: UUID) -> Shown | None:
    """What was shown for this bank before the letter was signed."""
    row = await store.find_preview(tx, consent.order_id, consent.bank_id, subject_id, consent.granted_at)
    if row is None:
        return None
    kept = await vault.unseal(tx, preview_place(row["preview_id"], subject_id), row["shown"])
    return rules.read_shown(row["preview_id"], row["previewed_at"], kept)


def _letter(consent: Consent) -> Letter:
    return Letter(
        consent_id=consent.consent_id,
        business_id=consent.business_id,
        order_id=consent.order_id,
        bank_id=consent.bank_id,
        branch_id=consent.branch_id,
        subject_id=consent.opens_subject_id,
        purpose=consent.purpose.value,
        data_classes=consent.data_classes,
        text_hash=consent.text_hash,
        valid_from=consent.valid_from,
        valid_to=consent.valid_to,
    )


def _entries(report: Any) -> list[Entry]:
    return [
        Entry(
            path=item.path,
            item_code=item.item_code,
            data_class=item.data_class,
            title=item.title,
            unit=item.unit,
            status=Status(item.status.value),
            source=item.source,
            value=item.value,
            as_of_on=item.as_of_on,
        )
        for item in report.items
    ]
