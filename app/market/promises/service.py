"""Proposing another promise, and what an approval makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID, uuid5

from app.access import audit
from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market.promises.rules import Change, Fault, Version, body_of, judge
from app.market.promises.schemas import as_body, read_change
from app.office import policies, proposals
from app.office.policies import Policy
from app.office.proposals import Proposal

KIND: Final = "clock"
CHANGE: Final = "promise.change"
CASES: Final = UUID("5c1d5a3e-0f0b-5b57-8f43-1b7a1f0c9d62")  # Under which each promise is a case of its own.
REGULATORS: Final = frozenset({SeatRole.REGULATOR})
SAID: Final[Mapping[Fault, str]] = {
    Fault.TOO_SOON: "新规则最早从明天起生效，不溯及已开始的时限。",
    Fault.BEFORE_NEWEST: "生效日不能早于最新一版的生效日。",
    Fault.NOTHING_NEW: "与最新一版相同，没有要变更的内容。",
    Fault.LIMIT_OF_THE_ACT: "这项时限由办理时约定，规则里没有可改的天数。",
    Fault.NO_LIMIT: "时限不能为零。",
    Fault.RUNGS: "每一级提醒的比例不能重复，且至少告知一方。",
}


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise with all its versions, oldest first, and the change of it that waits for a second person."""

    key: str
    versions: tuple[Version, ...]
    waiting: Proposal | None

    @property
    def newest(self) -> Version:
        return self.versions[-1]

    def on(self, day: date) -> Version | None:
        """The newest version that is valid on a day."""
        return next((one for one in reversed(self.versions) if _holds(one, day)), None)

    def ahead(self, day: date) -> Version | None:
        """The newest version when it begins only after a day."""
        return self.newest if self.newest.valid_from > day else None


def _holds(one: Version, day: date) -> bool:
    return one.valid_from <= day and (one.valid_to is None or day <= one.valid_to)


def case_of(key: str) -> UUID:
    return uuid5(CASES, key)


async def read_promises(tx: ReadTx) -> tuple[Promise, ...]:
    """Every promise, by key."""
    found: dict[str, list[Version]] = {}
    for one in await policies.all_versions(tx, KIND):
        found.setdefault(one.key, []).append(_version(one))
    return tuple([Promise(key, tuple(versions), await _waiting(tx, key)) for key, versions in sorted(found.items())])


async def read_promise(tx: ReadTx, key: str) -> Promise:
    """One promise; refused (`not-found`) where there is none."""
    versions = tuple(_version(one) for one in await policies.all_versions(tx, KIND) if one.key == key)
    if not versions:
        raise Refusal("not-found")
    return Promise(key, versions, await _waiting(tx, key))


async def _waiting(tx: ReadTx, key: str) -> Proposal | None:
    return next(iter(await proposals.open_of(tx, case_of(key))), None)


def _version(one: Policy) -> Version:
    return Version(one.version, one.valid_from, one.valid_to, one.body)


async def propose_change(tx: Tx, key: str, change: Change, why: str, *, by: Seat) -> UUID:
    """Lay another promise before a second person of the same office.

    Refuses `not-found`, `wrong-state` (why: a `Fault`) and `already-exists` while one waits.
    """
    made = await proposals.propose(tx, CHANGE, case_of(key), as_body(key, change, why), by=by, now=tx.now)
    return made.proposal_id


async def _vet(tx: Tx, _case_id: UUID, body: Mapping[str, Any], _by: Seat, now: datetime) -> None:
    promise = await read_promise(tx, body["key"])
    fault = judge(read_change(body), promise.versions, shanghai_date(now))
    if fault is not None:
        raise Refusal("wrong-state", SAID[fault], why=fault.value)


async def _apply(tx: Tx, proposal: Proposal, by: Seat, now: datetime) -> None:
    """The next version of the policy. What was sound when proposed is judged again: days have gone by since."""
    await _vet(tx, proposal.case_id, proposal.body, by, now)
    key, change = proposal.body["key"], read_change(proposal.body)
    newest = (await read_promise(tx, key)).newest
    version = Policy(KIND, key, newest.number + 1, change.valid_from, None, body_of(change, newest.body))
    await policies.add(tx, version)
    await audit.write(
        tx, "promise.changed", case_id=proposal.case_id,
        detail={"key": key, "version": str(version.version), "valid_from": change.valid_from.isoformat()},
    )  # fmt: skip


proposals.register(proposals.Kind(CHANGE, REGULATORS, REGULATORS, apply=_apply, vet=_vet))
