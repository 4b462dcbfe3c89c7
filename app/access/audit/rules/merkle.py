"""The tree over the log: RFC 9162 section 2.1 (the hashing of RFC 6962) over SHA-256. Pure.

A tree is held as its frontier, the roots of the perfect subtrees that it falls into, the largest first. Adding a leaf
costs one hash on average. A node at `level` and `place` covers the leaves from `place << level` on, `1 << level` many.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

TILE: Final = 8  # Levels between the nodes that are kept: every 256 leaves, every 65,536, and so on.
EMPTY: Final = sha256(b"").digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """The tree of the first `size` leaves."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    level: int
    place: int
    node: bytes


@dataclass(frozen=True, slots=True)
class Span:
    """The leaves from `first` up to, and without, `end`."""

    first: int
    end: int


def hash_leaf(content: bytes) -> bytes:
    """The hash of a leaf.

    >>> hash_leaf(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    return sha256(b"\x00" + content).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def grow(frontier: Frontier, leaves: Iterable[bytes]) -> tuple[Frontier, tuple[Node, ...]]:
    """Add hashes of leaves; also return the nodes worth keeping (each `TILE` levels) that became whole."""
    peaks, size, made = list(frontier.peaks), frontier.size, []
    for leaf in leaves:
        node, place, level = leaf, size, 0
        while place & 1:
            node = sha256(b"\x01" + peaks.pop() + node).digest()
            place >>= 1
            level += 1
            if level % TILE == 0:
                made.append(Node(level, place, node))
        peaks.append(node)
        size += 1
    return Frontier(size, tuple(peaks)), tuple(made)


def root_of(frontier: Frontier) -> bytes:
    """The root; that of an empty tree is the hash of nothing.

    >>> root_of(Frontier()).hex()[:16]
    'e3b0c44298fc1c14'
    """
    if not frontier.peaks:
        return EMPTY
    root = frontier.peaks[-1]
    for peak in reversed(frontier.peaks[:-1]):
        root = hash_node(peak, root)
    return root


def root_of_leaves(leaves: Iterable[bytes]) -> bytes:
    return root_of(grow(Frontier(), leaves)[0])


def inclusion_spans(number: int, size: int) -> list[Span]:
    """The subtrees whose roots prove that leaf `number` is in the tree of `size`, the lowest first.

    >>> inclusion_spans(0, 3)
    [Span(first=1, end=2), Span(first=2, end=3)]
    """
    assert 0 <= number < size
    spans, first, end = [], 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if number < middle:
            spans.append(Span(middle, end))
            end = middle
        else:
            spans.append(Span(first, middle))
            first = middle
    return spans[::-1]


def consistency_spans(old: int, new: int) -> list[Span]:
    """The subtrees whose roots prove that the tree of `new` leaves continues the one of `old`, the lowest first.

    >>> consistency_spans(3, 4)
    [Span(first=2, end=3), Span(first=3, end=4), Span(first=0, end=2)]
    """
    assert 0 <= old <= new
    if old in (0, new):
        return []
    spans, first, end, left_edge = [], 0, new, True
    while old != end:
        middle = first + _split(end - first)
        if old <= middle:
            spans.append(Span(middle, end))
            end = middle
        else:
            spans.append(Span(first, middle))
            first, left_edge = middle, False
    if not left_edge:
        spans.append(Span(first, end))
    return spans[::-1]


def perfect_parts(span: Span) -> list[tuple[int, int]]:
    """The perfect subtrees of a span that stands in a tree, as level and place, the largest first."""
    parts, first = [], span.first
    while first < span.end:
        level = (span.end - first).bit_length() - 1
        parts.append((level, first >> level))
        first += 1 << level
    return parts


def fold_peaks(peaks: Sequence[bytes]) -> bytes:
    """The root of a span from the roots of its perfect parts."""
    return root_of(Frontier(0, tuple(peaks)))


def includes(leaf: bytes, number: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path proves the leaf (RFC 9162 section 2.1.3.2)."""
    if not 0 <= number < size:
        return False
    at, last, found = number, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = hash_node(step, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = hash_node(found, step)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def continues(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the path proves that the second tree continues the first (RFC 9162 section 2.1.4.2)."""
    if old > new or old < 0:
        return False
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return not path and old_root == EMPTY
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not path:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = hash_node(step, first), hash_node(step, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = hash_node(second, step)
        at, last = at >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)
