"""A draft with one part changed; the part is made of known cells, so the rest stays as it was vetted. Pure."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.market.products.rules.cells import Condition, write_cell
from app.market.products.rules.shapes import Held, shape_of
from app.market.products.rules.sheet import Row, write_literal

Body = Mapping[str, Any]
_BOUNDS: Final = {"amount_fen": ("amount_min_fen", "amount_max_fen"), "rate_ppm": ("rate_min_ppm", "rate_max_ppm")}


def with_rows(body: Body, step_id: str, rows: Sequence[Row]) -> dict[str, Any]:
    """The table of a step with these rows, numbered anew."""
    changed = _copied(body)
    content = _content(changed, step_id)
    content["rules"] = [
        {
            "_id": f"{step_id}-{number}",
            **{c["id"]: write_cell(one) for c, one in zip(content["inputs"], row.conditions, strict=True)},
            **{c["id"]: write_literal(one) for c, one in zip(content["outputs"], row.outputs, strict=True)},
        }
        for number, row in enumerate(rows)
    ]
    return changed


def with_formula(body: Body, step_id: str, key: str, text: str) -> dict[str, Any]:
    """A formula anew. Bounds of an amount or a rate that stand in it are the model's bounds."""
    changed = _copied(body)
    for one in _content(changed, step_id)["expressions"]:
        if one["key"] == key:
            one["value"] = text
    shape = shape_of(text)
    if isinstance(shape, Held) and key in _BOUNDS:
        changed["bounds"] |= dict(zip(_BOUNDS[key], (shape.low, shape.high), strict=True))
    return changed


def with_why(body: Body, code: str, words: Mapping[str, str]) -> dict[str, Any]:
    """A reason for lending nothing, new or told in other words."""
    changed = _copied(body)
    changed["whys"][code] = dict(words)
    return changed


def moved(rows: Sequence[Row], act: str, at: int) -> list[Row]:
    """Rows after `add` (a copy for any value, after that row), `drop`, `up` or `down`; other words change nothing.

    >>> [row.row_id for row in moved([Row("a", (), ()), Row("b", (), ())], "down", 0)]
    ['b', 'a']
    """
    done = list(rows)
    if not 0 <= at < len(done):
        return done
    match act:
        case "add":
            done.insert(at + 1, Row("new", tuple(Condition() for _ in done[at].conditions), done[at].outputs))
        case "drop" if len(done) > 1:
            del done[at]
        case "up" if at > 0:
            done[at - 1], done[at] = done[at], done[at - 1]
        case "down" if at < len(done) - 1:
            done[at + 1], done[at] = done[at], done[at + 1]
    return done


def _copied(body: Body) -> dict[str, Any]:
    return copy.deepcopy(dict(body))


def _content(body: dict[str, Any], step_id: str) -> dict[str, Any]:
    return next(node["content"] for node in body["document"]["nodes"] if node["id"] == step_id)
