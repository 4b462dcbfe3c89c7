"""The tree: the vectors of Certificate Transparency, and a second implementation written straight from the RFC."""

from hashlib import sha256

import pytest

from app.access.audit.rules import merkle
from app.access.audit.rules.merkle import Frontier, Span

INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION_1_OF_8 = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
]
CONSISTENCY_6_OF_8 = [
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]
VECTORS = [merkle.hash_leaf(bytes.fromhex(text)) for text in INPUTS]
MANY = [merkle.hash_leaf(n.to_bytes(4, "big")) for n in range(600)]


def mth(leaves: list[bytes]) -> bytes:
    """RFC 9162 section 2.1.1, as it stands there."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path_of(m: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 9162 section 2.1.3.1: PATH."""
    if len(leaves) < 2:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*path_of(m, leaves[:k]), mth(leaves[k:])]
    return [*path_of(m - k, leaves[k:]), mth(leaves[:k])]


def proof_of(m: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    """RFC 9162 section 2.1.4.1: SUBPROOF."""
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m <= k:
        return [*proof_of(m, leaves[:k], whole), mth(leaves[k:])]
    return [*proof_of(m - k, leaves[k:], False), mth(leaves[:k])]


def ours(spans: list[Span], leaves: list[bytes]) -> list[bytes]:
    return [
        merkle.fold_peaks([mth(leaves[place << level : (place + 1) << level]) for level, place in parts])
        for parts in map(merkle.perfect_parts, spans)
    ]


def test_the_published_vectors_hold():
    """Roots of the first one to eight leaves, a path and a proof, as every log of certificates gives them."""
    assert [merkle.root_of_leaves(VECTORS[: n + 1]).hex() for n in range(8)] == ROOTS
    assert [step.hex() for step in ours(merkle.inclusion_spans(1, 8), VECTORS)] == INCLUSION_1_OF_8
    assert [step.hex() for step in ours(merkle.consistency_spans(6, 8), VECTORS)] == CONSISTENCY_6_OF_8


def test_a_tree_grows_to_the_same_root_in_any_pieces():
    """The frontier is all that the next batch needs; the nodes kept are those of the whole tree."""
    for size in (0, 1, 2, 3, 255, 256, 257, 511, 513, 600):
        tree, kept = merkle.grow(Frontier(), MANY[:100])
        for first in range(100, 600, 77):
            tree, more = merkle.grow(tree, MANY[first : min(first + 77, 600)])
            kept += more
        alone, nodes = merkle.grow(Frontier(), MANY[:size])

        assert merkle.root_of(alone) == mth(MANY[:size])
        assert merkle.root_of(tree) == mth(MANY)
        assert all(one.node == mth(MANY[one.place << one.level : (one.place + 1) << one.level]) for one in nodes)
        assert {(one.level, one.place) for one in kept} == {(8, 0), (8, 1)}


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 9, 31, 33, 64])
def test_every_path_is_the_rfcs_and_proves_its_leaf_alone(size: int):
    """Against the second implementation; another leaf, place, size or a changed path proves nothing."""
    root = mth(MANY[:size])
    for number in range(size):
        path = ours(merkle.inclusion_spans(number, size), MANY[:size])

        assert path == path_of(number, MANY[:size])
        assert merkle.includes(MANY[number], number, size, path, root)
        assert not merkle.includes(MANY[size], number, size, path, root)
        assert not merkle.includes(MANY[number], number, size, [*path, root], root)
        assert not any(
            merkle.includes(MANY[number], other, size, path, root) for other in range(size) if other != number
        )
        for at in range(len(path)):
            broken = [*path[:at], MANY[size], *path[at + 1 :]]
            assert not merkle.includes(MANY[number], number, size, broken, root)


@pytest.mark.parametrize("new", [1, 2, 3, 5, 8, 13, 33, 64])
def test_a_tree_continues_its_own_past_and_no_other(new: int):
    """Between every pair of sizes; a fork cannot be bridged."""
    root, other = mth(MANY[:new]), mth(MANY[100 : 100 + new])
    for old in range(new + 1):
        before = mth(MANY[:old])
        path = ours(merkle.consistency_spans(old, new), MANY[:new])

        assert path == ([] if old == 0 else proof_of(old, MANY[:new]))
        assert merkle.continues(old, before, new, root, path)
        if old:
            assert not merkle.continues(old, before, new, other, path)
            assert not merkle.continues(old, other, new, root, path)
            assert not merkle.continues(old, before, new, root, [*path, root])


def test_a_shrunken_log_continues_nothing():
    """And no path makes it."""
    assert not merkle.continues(5, mth(MANY[:5]), 4, mth(MANY[:4]), [])
    assert not merkle.continues(-1, b"", 4, mth(MANY[:4]), [])
    assert not merkle.includes(MANY[0], 4, 4, path_of(0, MANY[:4]), mth(MANY[:4]))
