"""Reading dated policies: the newest version that is valid on the day that counts.

A process keeps what it has read. A short statement at the first question of each unit of work says whether the table
is still as it was; versions are only ever added, but whatever changed, all that was kept is dropped.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from app.infra.db import ReadTx, Tx
from app.kernel.errors import Refusal
from app.office.policies import store
from app.office.policies.rules import Policy

KEPT: Final = "policies"


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Every version without its body, the newest first; bodies as they are asked for."""

    stamp: tuple[int, int]
    heads: Mapping[tuple[str, str], tuple[Policy, ...]]
    read: dict[tuple[str, str, int], Policy] = field(default_factory=dict)


async def in_force(tx: ReadTx, kind: str, key: str, on: date) -> Policy:
    """The policy of that kind and key valid on `on`; refused (`policy-missing`) when there is none."""
    return await get_version(tx, kind, key, await version_in_force(tx, kind, key, on))


async def version_in_force(tx: ReadTx, kind: str, key: str, on: date) -> int:
    """Only the number of the version, for readers that keep parsed bodies; refused like `in_force`."""
    heads = (await _shelf(tx)).heads.get((kind, key), ())
    version = next((head.version for head in heads if head.holds_on(on)), None)
    if version is None:
        raise Refusal("policy-missing", kind=kind, key=key, on=on.isoformat())
    return version


async def is_in_force(tx: ReadTx, kind: str, key: str, on: date) -> bool:
    """Whether there is a policy of that kind and key on that day."""
    return any(head.holds_on(on) for head in (await _shelf(tx)).heads.get((kind, key), ()))


async def keys_in_force(tx: ReadTx, kind: str, on: date) -> list[str]:
    """The keys of a kind that have a version in force on that day, in order."""
    heads = (await _shelf(tx)).heads
    return sorted(key for one, key in heads if one == kind and any(head.holds_on(on) for head in heads[one, key]))


async def all_in_force(tx: ReadTx, kind: str, on: date) -> tuple[Policy, ...]:
    """Every key of a kind, each in its version valid on `on`, by key. Empty when there is none."""
    return await store.read_all_in_force(tx, kind, on)


async def get_version(tx: ReadTx, kind: str, key: str, version: int) -> Policy:
    """One stated version, whatever the day: what a past decision was made with."""
    read = (await _shelf(tx)).read
    policy = read.get((kind, key, version)) or await store.read_version(tx, kind, key, version)
    if policy is None:
        raise Refusal("policy-missing", kind=kind, key=key, version=version)
    read[kind, key, version] = policy
    return policy


async def all_versions(tx: ReadTx, kind: str) -> tuple[Policy, ...]:
    """Every version of every key of a kind, by key and version: for what must know the past too."""
    return await store.read_all_versions(tx, kind)


async def add(tx: Tx, policy: Policy) -> None:
    """Make a new version of a rule. The database decides who may (docs/adr/0007-policy-is-data.md).

    Refuses `already-exists` where the version is there: somebody else made it meanwhile.
    """
    if not await store.insert(tx, policy):
        raise Refusal("already-exists", kind=policy.kind, key=policy.key, version=policy.version)


async def _shelf(tx: ReadTx) -> _Shelf:
    async def look() -> _Shelf:
        kept: Any = tx.shared.get(KEPT)
        if kept is None or kept.stamp != await store.read_stamp(tx):
            stamp, policies = await store.read_heads(tx)
            heads: dict[tuple[str, str], tuple[Policy, ...]] = {}
            for policy in policies:
                heads[policy.kind, policy.key] = (*heads.get((policy.kind, policy.key), ()), policy)
            kept = tx.shared[KEPT] = _Shelf(stamp, heads)
        found: _Shelf = kept
        return found

    return await tx.remember(KEPT, look)
