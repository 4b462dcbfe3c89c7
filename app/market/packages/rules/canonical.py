"""The one byte string for a body (RFC 8785), and what a body may hold."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

EXACT_MAX: Final = 2**53 - 1  # The largest integer that every JSON reader keeps.
_LONE: Final = re.compile("[\ud800-\udfff]")  # Half of a character: no text, and no UTF-8.


def canonical(body: Mapping[str, Any]) -> bytes:
    """The one byte string for a body (RFC 8785).

    >>> canonical({"b": 1, "a": ["重庆", {"c": "x"}]}).decode()
    '{"a":["重庆",{"c":"x"}],"b":1}'
    """
    assert is_plain(body), "a package holds strings and integers under ASCII keys only"
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def is_plain(value: object) -> bool:
    """Whether a value is made of strings, exact integers, lists and objects with ASCII keys.

    >>> is_plain({"a": [1, "b"]}), is_plain({"a": 1.0}), is_plain({"a": True}), is_plain({"键": 1}), is_plain(2**53)
    (True, False, False, False, False)
    """
    rest: list[Any] = [value]
    keys: list[Any] = []
    texts: list[str] = []
    while rest:
        leaf = rest.pop()
        kind = type(leaf)
        if kind is str:
            texts.append(leaf)
        elif kind is dict:
            keys += leaf
            rest += leaf.values()
        elif kind is list:
            rest += leaf
        elif kind is not int or not -EXACT_MAX <= leaf <= EXACT_MAX:
            return False
    return {*map(type, keys)} <= {str} and "".join(keys).isascii() and _LONE.search("".join(texts)) is None


def digest(raw: bytes) -> str:
    return sha256(raw).hexdigest()


def instant(at: datetime) -> str:
    """An instant in UTC to the second.

    >>> instant(datetime(2025, 9, 25, 2, 0, 1, 999, tzinfo=UTC))
    '2025-09-25T02:00:01Z'
    """
    assert at.tzinfo is not None, "instants are aware"
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
