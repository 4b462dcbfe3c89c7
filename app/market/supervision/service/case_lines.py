"""The lines of a case file: each record of what happened as one thing in time, in codes, sums and counts."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from app.infra.db import Record
from app.market import reasons
from app.market.supervision.rules import CaseLine, LineKind
from app.office.messages import ToldOf

Parties = tuple[UUID, UUID]  # The firm's organisation and the bank.


def of_moves(moves: Iterable[Record], refusal: Record | None, parties: Parties) -> Iterable[CaseLine]:
    """Moves, each with whose act it was; a refusal with its reason, the bank's words and what bears them out."""
    for move in moves:
        detail = {"from": move["from_state"], "to": move["to_state"], "cause": move["cause"]}
        detail["by"] = _side(move["by_org"], parties)
        if move["act"] == "refuse" and refusal is not None:
            detail |= _refusal(refusal)
        yield CaseLine(move["at"], LineKind.MOVE, move["act"], detail)


def _side(org_id: UUID | None, parties: Parties) -> str:
    """Who acted: the firm, the bank, somebody else who has a seat, or the platform by itself."""
    if org_id is None:
        return "platform"
    return {parties[0]: "firm", parties[1]: "bank"}.get(org_id, "other")


def _refusal(row: Record) -> dict[str, str]:
    told = {"reason": row["reason_code"], "reason_zh": row["reason_zh"], "reason_en": row["reason_en"]}
    told |= {"said": row["said"], "evidence": "held" if row["evidence"] is not None else "none"}
    claim: Mapping[str, object] = row["claim"] or {}
    return told | ({"path": str(claim["path"])} if "path" in claim else {})


def of_clocks(clocks: Iterable[Record]) -> Iterable[CaseLine]:
    """A clock has up to three lines: its start, its breach, its stop."""
    for clock in clocks:
        versions = {"policy": str(clock["policy_version"]), "calendar": str(clock["calendar_version"])}
        due = {"event": "started", "due_on": clock["due_on"].isoformat(), "owner": clock["owner"]} | versions
        if clock["is_provisional"]:
            due["provisional"] = "yes"
        yield CaseLine(clock["started_at"], LineKind.CLOCK, clock["kind"], due)
        if clock["state"] == "breached":
            yield CaseLine(clock["due_at"], LineKind.CLOCK, clock["kind"], {"event": "breached"})
        if clock["stopped_at"] is not None:
            event = {"met": "met", "void": "void"}.get(clock["state"], "late")
            yield CaseLine(clock["stopped_at"], LineKind.CLOCK, clock["kind"], {"event": event})


def of_pauses(pauses: Iterable[Record]) -> Iterable[CaseLine]:
    for pause in pauses:
        yield CaseLine(pause["paused_at"], LineKind.PAUSE, pause["kind"], {"event": "paused"})
        if pause["resumed_at"] is not None:
            yield CaseLine(pause["resumed_at"], LineKind.PAUSE, pause["kind"], {"event": "resumed"})


def of_flags(flags: Iterable[reasons.flags.Flag]) -> Iterable[CaseLine]:
    """What was noted of refusals and of attempts at one."""
    for one in flags:
        detail = {"reason": one.reason_code, "said": one.said}
        if one.like_suborder_id is not None:
            detail["like"] = str(one.like_suborder_id)
        yield CaseLine(one.at, LineKind.FLAG, one.kind.value, detail)


def of_recounts(recounts: Iterable[Record]) -> Iterable[CaseLine]:
    """Deadlines that a later version of the calendar moved, confirmed or left where they were."""
    for one in recounts:
        detail = {"event": "recounted" if one["outcome"] == "moved" else one["outcome"]}
        detail |= {"old": one["old_due_on"].isoformat(), "new": one["due_on"].isoformat()}
        detail |= {"from_version": str(one["from_version"]), "to_version": str(one["to_version"])}
        yield CaseLine(one["recounted_at"], LineKind.CLOCK, one["kind"], detail)


def of_packages(sealed: Iterable[Record], reads: Iterable[Record]) -> Iterable[CaseLine]:
    for one in sealed:
        detail = {"items": str(one["items"]), "sha256": one["sha256"]}
        yield CaseLine(one["sealed_at"], LineKind.READ, "sealed", detail)
    for one in reads:
        by = "machine" if one["client_id"] is not None else "person"
        yield CaseLine(one["read_at"], LineKind.READ, one["manner"], {"by": by})


def of_notices(notices: Iterable[Record]) -> Iterable[CaseLine]:
    for one in notices:
        detail = {"state": one["state"], "tries": str(one["tries"])}
        yield CaseLine(one["happened_at"], LineKind.NOTICE, one["kind"], detail)


def of_messages(told: Iterable[ToldOf]) -> Iterable[CaseLine]:
    """What people were told: to whom, and what became of copies by SMS and e-mail. Slots are kept for the sentence."""
    for one in told:
        counts = {"audience": one.audience.value, "sent": str(one.sent), "failed": str(one.failed)}
        slots = {name: str(value) for name, value in one.slots.items()}
        yield CaseLine(one.happened_at, LineKind.MESSAGE, one.kind, slots | counts)


def of_audit(events: Iterable[Record], parties: Parties) -> Iterable[CaseLine]:
    for one in events:
        yield CaseLine(one["business_at"], LineKind.AUDIT, one["act"], {"by": _side(one["org_id"], parties)})


def of_money(offers: Iterable[Record], contracts: Iterable[Record], draws: Iterable[Record]) -> Iterable[CaseLine]:
    """Offers, the contract and the payments, each with its sum in fen."""
    for one in offers:
        detail = {name: str(one[name]) for name in ("amount_fen", "rate_ppm", "term_months", "apr_ppm")}
        yield CaseLine(one["made_at"], LineKind.MONEY, "offer", detail)
    for one in contracts:
        detail = {"amount_fen": str(one["amount_fen"]), "on": one["signed_on"].isoformat()}
        yield CaseLine(one["recorded_at"], LineKind.MONEY, "contract", detail)
    for one in draws:
        detail = {"amount_fen": str(one["amount_fen"]), "on": one["paid_on"].isoformat()}
        yield CaseLine(one["recorded_at"], LineKind.MONEY, "draw", detail)


def of_proposals(proposals: Iterable[Record]) -> Iterable[CaseLine]:
    """A proposal has two lines: when it was made, and how it ended."""
    for one in proposals:
        yield CaseLine(one["made_at"], LineKind.PROPOSAL, one["kind"], {"event": "made", "by": "bank"})
        if one["closed_at"] is not None:
            yield CaseLine(one["closed_at"], LineKind.PROPOSAL, one["kind"], {"event": one["state"], "by": "bank"})


def of_urges(moves: Iterable[Record]) -> Iterable[CaseLine]:
    """What somebody was urged to do about this case, and what became of it; a rung's urge names its rung."""
    for one in moves:
        detail = {"urge_id": str(one["urge_id"]), "addressee": one["addressee"], "said": one["said"]}
        detail |= {"clock": one["clock"], "share": str(one["share"])} if one["act"] == "issue" else {"clock": ""}
        yield CaseLine(one["at"], LineKind.URGE, one["act"], detail)


def of_voices(complaints: Iterable[Record], ratings: Iterable[Record], calls: Iterable[Record]) -> Iterable[CaseLine]:
    """What the firm held against the bank, how it rated it, and what it said when it was called."""
    for one in complaints:
        detail = {"complaint_id": str(one["complaint_id"]), "category": one["category"], "side": one["side"]}
        yield CaseLine(one["at"], LineKind.COMPLAINT, one["act"], detail)
    for one in ratings:
        detail = {"stars": str(one["stars"]), "again": "yes" if one["n"] > 1 else "", "side": one["side"]}
        yield CaseLine(one["at"], LineKind.RATING, one["what"], detail)
    for one in calls:
        detail = {"callback_id": str(one["callback_id"]), "tries": str(one["attempts"])}
        yield CaseLine(one["drawn_at"], LineKind.CALL, "waiting", detail)
        if one["done_at"] is not None:
            filed = {"complaint_id": str(one["complaint_id"])} if one["complaint_id"] is not None else {}
            yield CaseLine(one["done_at"], LineKind.CALL, one["state"], detail | filed)
