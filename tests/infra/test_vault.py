"""Values that are unreadable at rest, and the keys that open them."""

import contextlib
import os
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from app.infra import vault
from app.infra.db import Database, Role
from app.infra.vault import BadKeys, Place, Unreadable
from app.kernel.ids import new_id

FIRM, OTHER = UUID(int=1), UUID(int=2)
PLACE = Place("packages", "jws", UUID(int=9), FIRM)


@pytest.fixture(autouse=True)
def keys(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    vault.unlock(folder)
    return folder


async def sealed_by(db: Database, place: Place, plain: bytes) -> bytes:
    async with db.transaction(Role.WORKER) as tx:
        return await vault.seal(tx, place, plain)


async def opened_by(db: Database, place: Place, sealed: bytes) -> bytes:
    async with db.reading(Role.WORKER) as tx:
        return await vault.unseal(tx, place, sealed)


async def test_a_value_opens_at_its_place(db: Database) -> None:
    """The round trip, in two transactions."""
    sealed = await sealed_by(db, PLACE, "营业收入".encode())

    assert (await opened_by(db, PLACE, sealed)).decode() == "营业收入"


@pytest.mark.parametrize(
    "other",
    [
        replace(PLACE, row_id=UUID(int=8)),
        replace(PLACE, column="shown"),
        replace(PLACE, table="package_previews"),
        replace(PLACE, subject_id=OTHER),
    ],
)
async def test_a_value_moved_to_another_place_does_not_open(db: Database, other: Place) -> None:
    """Somebody with write access to the files must not be able to show one firm's package as another's."""
    await sealed_by(db, replace(PLACE, subject_id=OTHER), b"so that the other subject has a key")
    sealed = await sealed_by(db, PLACE, b"value")

    with pytest.raises(Unreadable):
        await opened_by(db, other, sealed)


async def test_a_value_with_any_byte_changed_does_not_open(db: Database) -> None:
    """Format, key version, nonce, text and tag are all authenticated."""
    sealed = await sealed_by(db, PLACE, b"value")

    opened = []
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with contextlib.suppress(Unreadable):
            opened.append((position, await opened_by(db, PLACE, bytes(changed))))

    assert opened == []


async def test_after_shredding_nothing_of_the_subject_opens(db: Database) -> None:
    """Erasure deletes the key, so backups of the value are dead too (P21)."""
    sealed, others = await sealed_by(db, PLACE, b"value"), replace(PLACE, subject_id=OTHER)
    kept = await sealed_by(db, others, b"kept")

    async with db.transaction(Role.OPS) as tx:
        gone = await vault.shred(tx, FIRM)

    with pytest.raises(Unreadable):
        await opened_by(db, PLACE, sealed)
    assert (gone, await opened_by(db, others, kept)) == (1, b"kept")


async def test_two_transactions_that_make_the_first_key_agree_on_it(db: Database) -> None:
    """Both values must open, whoever was first."""
    import asyncio

    sealed = await asyncio.gather(*(sealed_by(db, PLACE, bytes([n])) for n in range(4)))

    assert [await opened_by(db, PLACE, value) for value in sealed] == [b"\0", b"\1", b"\2", b"\3"]


async def test_nonces_are_not_repeated(db: Database) -> None:
    """One repeated nonce under AES-GCM gives away the authentication key."""
    sealed = [await sealed_by(db, PLACE, b"x") for _ in range(200)]

    assert len({value[5 : vault.HEAD] for value in sealed}) == 200


async def test_neither_the_plain_value_nor_its_key_stands_in_the_database(db: Database, keys: Path) -> None:
    """Data files, dumps and replicas hold the wrapped key only (P20)."""
    sealed = await sealed_by(db, PLACE, b"canary-value-71c1")

    async with db.reading(Role.WORKER) as tx:
        wrapped = await tx.value("select wrapped from data_keys where subject_id = $1", FIRM)

    assert b"canary" not in sealed
    assert len(wrapped) == 60
    assert (keys / "kek-1.key").read_text() not in wrapped.hex()


async def test_a_newer_kek_wraps_and_the_older_one_still_opens(db: Database, keys: Path) -> None:
    """Key rotation must not lock out what was sealed before."""
    old = await sealed_by(db, PLACE, b"old")
    (keys / "kek-2.key").write_text(os.urandom(32).hex())
    (keys / "kek-2.key").chmod(0o600)
    vault.unlock(keys)
    new = await sealed_by(db, replace(PLACE, subject_id=OTHER), b"new")

    async with db.reading(Role.WORKER) as tx:
        used = await tx.fetch("select kek from data_keys order by subject_id")

    assert [row["kek"] for row in used] == [1, 2]
    assert await opened_by(db, PLACE, old) == b"old"
    assert await opened_by(db, replace(PLACE, subject_id=OTHER), new) == b"new"


async def test_without_its_kek_nothing_opens(db: Database, keys: Path) -> None:
    """A stolen database directory is worth nothing by itself."""
    sealed = await sealed_by(db, PLACE, b"value")
    (keys / "kek-1.key").write_text(os.urandom(32).hex())
    vault.unlock(keys)

    with pytest.raises(Unreadable):
        await opened_by(db, PLACE, sealed)


def test_keys_are_made_once_and_readable_by_their_owner_only(keys: Path) -> None:
    """Two processes that start together must end up with the same keys."""
    first, second = vault.open_ring(keys), vault.open_ring(keys)

    modes = {path.stat().st_mode & 0o777 for path in keys.iterdir()}

    assert (first.keks, list(first.signers)) == (second.keks, list(second.signers))
    assert (modes, keys.stat().st_mode & 0o777) == ({0o600}, 0o700)


@pytest.mark.parametrize(("name", "mode"), [("kek-1.key", 0o640), ("package-1.key", 0o604), (".", 0o750)])
def test_keys_that_others_may_read_are_refused(keys: Path, name: str, mode: int) -> None:
    """A key that leaked once is not a key; the operator must be told at start-up."""
    (keys / name).chmod(mode)

    with pytest.raises(BadKeys):
        vault.open_ring(keys)


@pytest.mark.parametrize("text", ["", "zz", "00" * 31, "00" * 33])
def test_a_file_that_holds_no_key_is_refused(keys: Path, text: str) -> None:
    """A truncated key file must not encrypt anything."""
    (keys / "kek-1.key").write_text(text)

    with pytest.raises(BadKeys):
        vault.open_ring(keys)


def test_the_published_key_set_holds_public_halves_named_by_thumbprint(keys: Path) -> None:
    """Receivers look keys up by `kid`; nothing private may slip out."""
    from base64 import urlsafe_b64decode

    from joserfc.jwk import OKPKey

    ring = vault.open_ring(keys)
    (jwk,) = vault.public_jwks(ring)["keys"]

    public = Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(jwk["x"] + "="))
    public.verify(ring.signers[jwk["kid"]].sign(b"x"), b"x")
    assert set(jwk) == {"kty", "crv", "x", "kid", "use", "alg"}
    assert jwk["kid"] == OKPKey.import_key(jwk).thumbprint() == ring.signing_kid


async def test_a_role_without_business_here_sees_no_key(db: Database) -> None:
    """The public pages have no use for data keys, and the loader for none but those of its files."""
    await sealed_by(db, replace(PLACE, subject_id=new_id()), b"x")

    async with db.reading(Role.LOADER) as tx:
        assert await tx.fetch("select 1 from data_keys") == []
    for role in (Role.PUBLIC, Role.AUTH, Role.REGULATOR, Role.REPORTER):
        with pytest.raises(Exception, match="permission denied"):
            async with db.reading(role) as tx:
                await tx.fetch("select 1 from data_keys")
