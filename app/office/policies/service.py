"""Reading dated policies: the newest version that is valid on the day that counts."""

from datetime import date

from app.infra.db import ReadTx
from app.kernel.errors import Refusal
from app.office.policies import store
from app.office.policies.rules import Policy


async def in_force(tx: ReadTx, kind: str, key: str, on: date) -> Policy:
    """The policy of that kind and key valid on `on`; refused (`policy-missing`) when there is none."""
    policy = await store.read_in_force(tx, kind, key, on)
    if policy is None:
        raise Refusal("policy-missing", kind=kind, key=key, on=on.isoformat())
    return policy


async def version_in_force(tx: ReadTx, kind: str, key: str, on: date) -> int:
    """Only the number of the version, for readers that keep parsed bodies; refused like `in_force`."""
    version = await store.read_version_in_force(tx, kind, key, on)
    if version is None:
        raise Refusal("policy-missing", kind=kind, key=key, on=on.isoformat())
    return version


async def all_in_force(tx: ReadTx, kind: str, on: date) -> tuple[Policy, ...]:
    """Every key of a kind, each in its version valid on `on`, by key. Empty when there is none."""
    return await store.read_all_in_force(tx, kind, on)


async def get_version(tx: ReadTx, kind: str, key: str, version: int) -> Policy:
    """One stated version, whatever the day: what a past decision was made with."""
    policy = await store.read_version(tx, kind, key, version)
    if policy is None:
        raise Refusal("policy-missing", kind=kind, key=key, version=version)
    return policy


async def all_versions(tx: ReadTx, kind: str) -> tuple[Policy, ...]:
    """Every version of every key of a kind, by key and version: for what must know the past too."""
    return await store.read_all_versions(tx, kind)
