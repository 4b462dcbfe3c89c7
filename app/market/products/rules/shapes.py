"""Formulas that are tables in disguise: a share that falls by brackets, a figure held between two bounds. Pure."""

from dataclasses import dataclass
from typing import Final

from app.market.products.rules.grammar import Malformed, Node, parse

MILLION: Final = 1_000_000
BRACKETS_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Brackets:
    """Shares of `name` by slices, like income tax: (up to, share in ppm), the last one open (None)."""

    name: str
    rows: tuple[tuple[int | None, int], ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A figure held between `low` and `high` while nothing speaks against lending, else 0. `inner`: the figure."""

    low: int
    high: int
    inner: Node
    text: str


@dataclass(frozen=True, slots=True)
class Fixed:
    """A number while nothing speaks against lending, else 0."""

    number: int


Shape = Brackets | Held | Fixed


def shape_of(text: str) -> Shape | None:
    """What a formula is beyond its signs, when writing it anew gives the very same text; else None.

    >>> shape_of("why == null ? 12 : 0")
    Fixed(number=12)
    """
    tree = parse(text)
    if isinstance(tree, Malformed):
        return None
    found = _brackets(tree) or _held(tree, text) or _fixed(tree)
    return found if found is not None and write_shape(found) == text else None


def write_shape(shape: Shape) -> str:
    """The formula of a shape.

    >>> write_shape(Brackets("t_fen", ((200, 80_000), (None, 20_000))))
    'floor(max([0, min([t_fen, 200]) - 0]) * 80000 / 1000000) + floor(max([0, t_fen - 200]) * 20000 / 1000000)'
    """
    if isinstance(shape, Fixed):
        return f"why == null ? {shape.number} : 0"
    if isinstance(shape, Held):
        return f"why == null ? max([{shape.low}, min([{shape.high}, {shape.text}])]) : 0"
    low, slices = 0, []
    for upto, share in shape.rows:
        top = shape.name if upto is None else f"min([{shape.name}, {upto}])"
        slices.append(f"floor(max([0, {top} - {low}]) * {share} / {MILLION})")
        low = upto or low
    return " + ".join(slices)


def _brackets(tree: Node) -> Brackets | None:
    slices = _summands(tree)
    rows: list[tuple[int | None, int]] = []
    names: set[str] = set()
    low = 0
    for one in slices:
        found = _slice(one)
        if found is None or found[1] != low:
            return None
        name, _, upto, share = found
        names.add(name)
        rows.append((upto, share))
        low = upto if upto is not None else low
    is_whole = len(names) == 1 and rows[-1][0] is None and all(upto is not None for upto, _ in rows[:-1])
    return Brackets(names.pop(), tuple(rows)) if is_whole else None


def _summands(tree: Node) -> list[Node]:
    found: list[Node] = []
    while tree.kind == "op" and tree.value == "+":
        found.append(tree.parts[1])
        tree = tree.parts[0]
    return [tree, *reversed(found)]


def _slice(node: Node) -> tuple[str, int, int | None, int] | None:
    """(name, from, up to, share) of `floor(max([0, min([name, upto]) - from]) * share / 1000000)`."""
    match node:
        case Node("call", "floor", (Node("op", "/", (Node("op", "*", (above, Node("number", int(share)))), by)),)):
            if by != Node("number", MILLION):
                return None
            match above:
                case Node("call", "max", (Node("number", 0), Node("op", "-", (top, Node("number", int(low)))))):
                    match top:
                        case Node("name", str(name)):
                            return name, low, None, share
                        case Node("call", "min", (Node("name", str(name)), Node("number", int(upto)))):
                            return name, low, upto, share
    return None


PASSED: Final = Node("op", "==", (Node("name", "why"), Node("null")))


def _held(tree: Node, text: str) -> Held | None:
    match tree:
        case Node("if", None, (tested, Node("call", "max", (Node("number", int(low)), inner)), Node("number", 0))):
            match inner:
                case Node("call", "min", (Node("number", int(high)), figure)) if tested == PASSED:
                    begins = text.find(f"min([{high}, ") + len(f"min([{high}, ")
                    return Held(low, high, figure, text[begins : text.rfind("])]) : 0")])
    return None


def _fixed(tree: Node) -> Fixed | None:
    match tree:
        case Node("if", None, (tested, Node("number", int(number)), Node("number", 0))) if tested == PASSED:
            return Fixed(number)
    return None
