"""The whole language of a decision document's formulas: whole numbers, texts, named facts.

A formula is read here into a tree, or refused; whatever this grammar does not know never reaches the engine. There is
no call but `floor ceil min max`, no member, no index, no closure, no decimal fraction; a division stands only inside
`floor` or `ceil`. Pure.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

TEXT_MAX: Final = 2_000
NODES_MAX: Final = 300
DEPTH_MAX: Final = 24
NUMBER_MAX: Final = 10**15
FUNCTIONS: Final = ("floor", "ceil", "min", "max")
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>\d+(?![\w.]))|(?P<text>'[^'\\]{0,64}')|(?P<own>\$\.[a-z][a-z0-9_]{0,63})"
    r"|(?P<name>[A-Za-z_]\w{0,63})|(?P<sign>\?\?|==|!=|<=|>=|[-+*/<>?:()\[\],]))"
)
_LEVELS: Final = (
    ("or",), ("and",), ("??",), ("==", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "/"),
)  # fmt: skip


class Malformed(StrEnum):
    """Why a formula is refused."""

    TOO_LONG = "too_long"
    TOO_DEEP = "too_deep"
    SYMBOL = "symbol"  # A sign or word that is no part of the grammar: decimals, brackets of members, closures.
    FUNCTION = "function"
    FORM = "form"  # The parts are allowed, their order is not.
    FRACTION = "fraction"  # A division outside floor and ceil would let a fraction out.
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Node:
    """`kind`: number, text, null, flag, name, own (`$.x`), op, if, call. `value`: the number, text, name or sign."""

    kind: str
    value: int | str | bool | None = None
    parts: tuple["Node", ...] = ()

    def walk(self) -> Iterator["Node"]:
        yield self
        for part in self.parts:
            yield from part.walk()


def parse(text: str) -> Node | Malformed:
    """A formula as a tree.

    >>> parse("floor(a * 80000 / 1000000)").kind, parse("a.b"), parse("a / 2"), parse("1.5")
    ('call', <Malformed.SYMBOL: 'symbol'>, <Malformed.FRACTION: 'fraction'>, <Malformed.SYMBOL: 'symbol'>)
    >>> parse("eval('x')"), parse("max([1, NaN])").kind
    (<Malformed.FUNCTION: 'function'>, 'call')
    """
    if len(text) > TEXT_MAX:
        return Malformed.TOO_LONG
    tokens = _tokens(text)
    if isinstance(tokens, Malformed):
        return tokens
    reader = _Reader(tokens)
    tree = reader.condition()
    if reader.fault is not None:
        return reader.fault
    if tree is None or reader.at != len(tokens):
        return Malformed.FORM
    return _judge(tree) or tree


def names(tree: Node) -> tuple[set[str], set[str]]:
    """The names that a formula reads: from earlier steps, and from the same step."""
    read = [(node.kind, str(node.value)) for node in tree.walk() if node.kind in ("name", "own")]
    return {name for kind, name in read if kind == "name"}, {name for kind, name in read if kind == "own"}


def is_flag(tree: Node) -> bool:
    """Whether a formula answers yes or no."""
    if tree.kind == "flag":
        return True
    return tree.kind == "op" and tree.value in ("or", "and", "not", "==", "!=", "<", "<=", ">", ">=")


def _judge(tree: Node) -> Malformed | None:
    nodes = list(tree.walk())
    if len(nodes) > NODES_MAX:
        return Malformed.TOO_LONG
    if any(node.kind == "number" and int(str(node.value)) > NUMBER_MAX for node in nodes):
        return Malformed.NUMBER
    floored = {id(node.parts[0]) for node in nodes if node.kind == "call" and node.value in ("floor", "ceil")}
    if any(node.kind == "op" and node.value == "/" and id(node) not in floored for node in nodes):
        return Malformed.FRACTION
    return None


def _tokens(text: str) -> list[tuple[str, str]] | Malformed:
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            return Malformed.SYMBOL
        found.append((str(match.lastgroup), match.group(str(match.lastgroup))))
        at = match.end()
    return found if len(found) <= 2 * NODES_MAX else Malformed.TOO_LONG


class _Reader:
    """Recursive descent with a bounded depth; the first fault stays."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens, self.at, self.depth = tokens, 0, 0
        self.fault: Malformed | None = None

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self, sign: str) -> bool:
        if self.peek()[1] == sign and self.peek()[0] in ("sign", "name"):
            self.at += 1
            return True
        return False

    def fail(self, fault: Malformed) -> None:
        self.fault = self.fault or fault

    def deeper(self, read: Callable[[], Node | None]) -> Node | None:
        if self.depth >= DEPTH_MAX:
            self.fail(Malformed.TOO_DEEP)
            return None
        self.depth += 1
        found = read()
        self.depth -= 1
        return found

    def condition(self) -> Node | None:
        tested = self.level(0)
        if tested is None or not self.take("?"):
            return tested
        yes = self.deeper(self.condition)
        if not self.take(":"):
            return None
        no = self.deeper(self.condition)
        return None if yes is None or no is None else Node("if", None, (tested, yes, no))

    def level(self, level: int) -> Node | None:
        if level == len(_LEVELS):
            return self.single()
        left = self.level(level + 1)
        while left is not None and self.peek()[1] in _LEVELS[level] and self.peek()[0] in ("sign", "name"):
            sign = self.peek()[1]
            self.at += 1
            right = self.level(level + 1)
            left = None if right is None else Node("op", sign, (left, right))
        return left

    def single(self) -> Node | None:
        kind, word = self.peek()
        if word == "not" and kind == "name":
            self.at += 1
            inner = self.deeper(self.single)
            return None if inner is None else Node("op", "not", (inner,))
        self.at += 1
        match kind:
            case "number":
                return Node("number", int(word) if len(word) < 30 else NUMBER_MAX + 1)
            case "text":
                return Node("text", word[1:-1])
            case "own":
                return Node("own", word[2:])
            case "name":
                return self.named(word)
        return self.bracketed() if word == "(" else None

    def bracketed(self) -> Node | None:
        inner = self.deeper(self.condition)
        return inner if self.take(")") else None

    def named(self, word: str) -> Node | None:
        if word in ("null", "true", "false"):
            return Node("null") if word == "null" else Node("flag", word == "true")
        if not self.take("("):
            return Node("name", word)
        if word not in FUNCTIONS:
            self.fail(Malformed.FUNCTION)
            return None
        parts = self.listed() if word in ("min", "max") else self.alone()
        return Node("call", word, tuple(parts)) if parts and self.take(")") else None

    def alone(self) -> list[Node]:
        inner = self.deeper(self.condition)
        return [] if inner is None else [inner]

    def listed(self) -> list[Node]:
        """`[a, b]`: what `min` and `max` choose from."""
        if not self.take("["):
            return []
        parts: list[Node] = []
        while True:
            inner = self.deeper(self.condition)
            if inner is None:
                return []
            parts.append(inner)
            if not self.take(","):
                return parts if self.take("]") else []
