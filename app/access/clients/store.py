"""All SQL of clients. Takes a transaction, never commits one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx

_CLIENT: Final = "client_id, bank_id, branch_id, name, registered_at, disabled_at"
_KEY: Final = "client_id, kid, bank_id, use, jwk, thumbprint, valid_from, valid_to"


async def insert_client(tx: Tx, client_id: UUID, bank_id: UUID, branch_id: UUID | None, name: str, by: UUID) -> bool:
    """Write a client; False when the bank has one of that name."""
    sql = """insert into clients (client_id, bank_id, branch_id, name, registered_by, registered_at)
             values ($1, $2, $3, $4, $5, $6) on conflict (bank_id, name) do nothing"""
    return await tx.execute(sql, client_id, bank_id, branch_id, name, by, tx.wall) == 1


async def lock_client(tx: Tx, client_id: UUID) -> Record | None:
    return await tx.row(f"select {_CLIENT} from clients where client_id = $1 for no key update", client_id)  # noqa: S608


async def read_clients(tx: ReadTx) -> Sequence[Record]:
    """The clients that the audience may see, by name."""
    return await tx.fetch(f"select {_CLIENT} from clients order by name")  # noqa: S608


async def read_keys(tx: ReadTx, client_id: UUID) -> Sequence[Record]:
    """All keys of a client, newest first."""
    return await tx.fetch(
        f"select {_KEY} from client_keys where client_id = $1 order by valid_from desc, kid",  # noqa: S608
        client_id,
    )


async def disable_client(tx: Tx, client_id: UUID, by: UUID) -> bool:
    sql = "update clients set disabled_at = $2, disabled_by = $3 where client_id = $1 and disabled_at is null"
    return await tx.execute(sql, client_id, tx.wall, by) == 1


async def insert_key(tx: Tx, owner: tuple[UUID, UUID], use: str, jwk: Mapping[str, Any], thumb: str, by: UUID) -> bool:
    """Write a key of (client, bank); False when the client has, or had, that kid or that very key."""
    sql = """insert into client_keys (client_id, bank_id, kid, use, jwk, thumbprint, registered_by, valid_from)
             values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing"""
    return await tx.execute(sql, *owner, jwk["kid"], use, dict(jwk), thumb, by, tx.wall) == 1


async def end_key(tx: Tx, client_id: UUID, use: str, at: datetime) -> int:
    """Let the lasting key of a use end at an instant; returns how many there were (0 or 1)."""
    sql = "update client_keys set valid_to = $3 where client_id = $1 and use = $2 and valid_to is null"
    return await tx.execute(sql, client_id, use, at)


async def cut_key(tx: Tx, client_id: UUID, kid: str, at: datetime) -> bool:
    """End one key now, also one that was to last a while; False when it is unknown or over."""
    sql = """update client_keys set valid_to = greatest($3, valid_from) where client_id = $1 and kid = $2
                and (valid_to is null or valid_to > $3)"""
    return await tx.execute(sql, client_id, kid, at) == 1


async def find_signing_key(tx: ReadTx, client_id: UUID, kid: str, at: datetime) -> Record | None:
    """The valid signing key of a client, and whether the client is disabled."""
    sql = """select k.jwk, c.bank_id, c.branch_id, c.disabled_at is not null as disabled
               from client_keys k join clients c using (client_id)
              where k.client_id = $1 and k.kid = $2 and k.use = 'sig' and k.valid_from <= $3
                and (k.valid_to is null or $3 < k.valid_to)"""
    return await tx.row(sql, client_id, kid, at)


async def find_encryption_key(tx: ReadTx, client_id: UUID, at: datetime) -> Record | None:
    """The newest valid encryption key of a client that is not disabled."""
    sql = f"""select {", ".join("k." + name for name in _KEY.split(", "))}
                from client_keys k join clients c using (client_id)
               where k.client_id = $1 and k.use = 'enc' and c.disabled_at is null and k.valid_from <= $2
                 and (k.valid_to is null or $2 < k.valid_to)
               order by k.valid_from desc limit 1"""  # noqa: S608
    return await tx.row(sql, client_id, at)


async def use_assertion(tx: Tx, client_id: UUID, jti: str, keep_until: datetime) -> bool:
    """Use an assertion up; False when it was used before, also by a transaction that has just committed."""
    sql = "insert into client_assertions (client_id, jti, expires_at) values ($1, $2, $3) on conflict do nothing"
    return await tx.execute(sql, client_id, jti, keep_until) == 1


async def insert_token(tx: Tx, token_hash: bytes, client_id: UUID, bank_id: UUID, expires_at: datetime) -> None:
    sql = (
        "insert into client_tokens (token_hash, client_id, bank_id, issued_at, expires_at) values ($1, $2, $3, $4, $5)"
    )
    rows = await tx.execute(sql, token_hash, client_id, bank_id, tx.wall, expires_at)
    assert rows == 1, "a token was not written"


async def find_by_token(tx: ReadTx, token_hash: bytes, at: datetime) -> Record | None:
    sql = """select c.client_id, c.bank_id, c.branch_id from client_tokens t join clients c using (client_id)
              where t.token_hash = $1 and $2 < t.expires_at and c.disabled_at is null"""
    return await tx.row(sql, token_hash, at)


async def forget_expired(tx: Tx, before: datetime) -> int:
    """Drop used assertions and tokens that are over; returns how many."""
    gone = await tx.execute("delete from client_assertions where expires_at < $1", before)
    return gone + await tx.execute("delete from client_tokens where expires_at < $1", before)
