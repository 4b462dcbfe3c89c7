"""Whether a decision document may be kept at all: its shape, its names, its language and its numbers. Pure.

It is judged before any engine sees it: a fixed set of node kinds in one chain, tables of known cells, formulas of the
grammar, facts that the catalogue knows. Nothing else is a document here, however well the engine could run it.
"""

import json
import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from app.market.limits import ModelBody
from app.market.products.rules.cells import Unit, read_cell
from app.market.products.rules.grammar import Malformed, names, parse
from app.market.products.rules.sheet import literal, nodes_in_order, unit_of

BYTES_MAX: Final = 64 * 1024
NODES_MAX, ROWS_MAX, COLUMNS_MAX, FORMULAS_MAX, INPUTS_MAX, WHYS_MAX = 16, 100, 12, 24, 16, 40
MADE: Final = frozenset({"amount_fen", "rate_ppm", "term_months", "raw_amount_fen", "raw_rate_ppm", "why"})
RATE_MAX: Final = 360_000
_NAME: Final = re.compile(r"(?!(?:null|true|false|not|and|or|in|floor|ceil|min|max)$)[a-z][a-z0-9_]{0,63}")
_ID: Final = re.compile(r"[A-Za-z][\w-]{0,63}")
_NODE_KEYS: Final = frozenset({"id", "name", "type", "position", "content"})
_CONTENT: Final[Mapping[str, Any]] = {
    "passThrough": True, "inputField": None, "outputPath": None, "executionMode": "single", "hitPolicy": "first",
}  # fmt: skip
_PARTS: Final = {"expressionNode": {"expressions"}, "decisionTableNode": {"inputs", "outputs", "rules"}}


class Flaw(StrEnum):
    TOO_LARGE = "too_large"
    KIND = "kind"  # A node of another kind, such as one that runs code.
    SETTING = "setting"  # A key or setting of a node that is not ours.
    CHAIN = "chain"
    NAME = "name"
    UNKNOWN_FACT = "unknown_fact"
    FORMULA = "formula"
    CELL = "cell"
    OUTPUT = "output"
    WHY = "why"
    MISSING = "missing"
    NUMBER = "number"
    TOO_MANY = "too_many"
    BOUNDS = "bounds"
    TWICE = "twice"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, where, and the words that are to blame, cut short. `why`: what the grammar says."""

    flaw: Flaw
    where: str
    words: str = ""
    why: Malformed | None = None


def vet(body: ModelBody, facts: Mapping[str, frozenset[str]]) -> tuple[Fault, ...]:
    """All faults of a document, at most twenty; none means that it may be kept, and run.

    `facts`: the paths of figures that a report has, by data class.
    """
    if len(json.dumps(body.model_dump(by_alias=True), ensure_ascii=False).encode()) > BYTES_MAX:
        return (Fault(Flaw.TOO_LARGE, "document"),)
    shape = tuple(_shape(body.document))
    found = (*_frame(body, facts), *(shape or _content(body)))
    return found[:20]


def _frame(body: ModelBody, facts: Mapping[str, frozenset[str]]) -> Iterator[Fault]:
    """What stands around the document: inputs, bounds, words."""
    bounds = body.bounds
    if not 0 < bounds.amount_min_fen <= bounds.amount_max_fen <= 10**15:
        yield Fault(Flaw.BOUNDS, "amount")
    if not 0 < bounds.rate_min_ppm <= bounds.rate_max_ppm <= RATE_MAX:
        yield Fault(Flaw.BOUNDS, "rate")
    if not 0 < len(body.inputs) <= INPUTS_MAX:
        yield Fault(Flaw.TOO_MANY, "inputs")
    if len(body.whys) > WHYS_MAX or len(body.labels) > 200:
        yield Fault(Flaw.TOO_MANY, "words")
    if len({entry.name for entry in body.inputs}) < len(body.inputs):
        yield Fault(Flaw.TWICE, "inputs")
    for entry in body.inputs:
        if not _NAME.fullmatch(entry.name):
            yield Fault(Flaw.NAME, "inputs", entry.name[:40])
        known = facts.get(entry.data_class or "", frozenset())
        path_fits = entry.path in known if entry.origin == "feature" else bool(_NAME.fullmatch(entry.path))
        if not path_fits:
            yield Fault(Flaw.UNKNOWN_FACT, "inputs", entry.path[:60])
    texts = [body.title_zh, body.title_en, *(word for one in body.labels.values() for word in (one.zh, one.en))]
    texts += [word for one in body.whys.values() for word in (one.zh, one.en, one.change_zh, one.change_en)]
    texts += [word for one in body.inputs for word in (one.words_zh, one.words_en)]
    if any(not 0 < len(word) <= 300 for word in texts):
        yield Fault(Flaw.TOO_LARGE, "words")
    yield from (Fault(Flaw.NAME, "words", code[:40]) for code in body.whys if not _NAME.fullmatch(code))


def _shape(document: Mapping[str, Any]) -> Iterator[Fault]:
    """Kinds, keys and the one chain. What it lets pass can be read without surprises."""
    nodes, edges = document.get("nodes"), document.get("edges")
    if not (isinstance(nodes, list) and isinstance(edges, list) and set(document) == {"nodes", "edges"}):
        yield Fault(Flaw.SETTING, "document")
        return
    if len(nodes) > NODES_MAX or len(edges) > NODES_MAX:
        yield Fault(Flaw.TOO_MANY, "document")
        return
    before = list(_nodes(nodes)) + list(_edges(edges))
    yield from before
    if before:
        return
    ids = [node["id"] for node in nodes]
    kinds = [node["type"] for node in nodes]
    if len(set(ids)) < len(ids):
        yield Fault(Flaw.TWICE, "document")
    elif kinds.count("inputNode") != 1 or kinds.count("outputNode") != 1:
        yield Fault(Flaw.CHAIN, "document")
    else:
        chain = nodes_in_order(document)
        if len(edges) != len(nodes) - 1 or len(chain) != len(nodes) or chain[-1]["type"] != "outputNode":
            yield Fault(Flaw.CHAIN, "document")


def _nodes(nodes: list[Any]) -> Iterator[Fault]:
    for node in nodes:
        if not (isinstance(node, dict) and set(node) <= _NODE_KEYS and {"id", "name", "type"} <= set(node)):
            yield Fault(Flaw.SETTING, "document")
            continue
        where = str(node["id"])[:40]
        if not (isinstance(node["id"], str) and isinstance(node["type"], str) and _ID.fullmatch(node["id"])):
            yield Fault(Flaw.NAME, "document", where)
        if not (isinstance(node["name"], str) and 0 < len(node["name"]) <= 200):
            yield Fault(Flaw.NAME, where)
        content = node.get("content")
        if node["type"] in ("inputNode", "outputNode"):
            if content not in (None, {}):
                yield Fault(Flaw.SETTING, where)
        elif str(node["type"]) not in _PARTS or not isinstance(content, dict):
            yield Fault(Flaw.KIND, where, str(node["type"])[:40])
        else:
            yield from _settings(where, node["type"], content)


def _settings(where: str, kind: str, content: Mapping[str, Any]) -> Iterator[Fault]:
    parts = _PARTS[kind]
    for key, value in content.items():
        if key not in parts and (key not in _CONTENT or value != _CONTENT[key]):
            yield Fault(Flaw.SETTING, where, str(key)[:40])
    if content.get("passThrough") is not True:
        yield Fault(Flaw.SETTING, where, "passThrough")
    if kind == "decisionTableNode" and content.get("hitPolicy") != "first":
        yield Fault(Flaw.SETTING, where, "hitPolicy")
    wanted = {
        "expressions": {"id", "key", "value"},
        "inputs": {"id", "name", "field"},
        "outputs": {"id", "name", "field"},
    }
    most = {"expressions": FORMULAS_MAX, "inputs": COLUMNS_MAX, "outputs": COLUMNS_MAX, "rules": ROWS_MAX}
    for part in parts:
        rows = content.get(part)
        if not (isinstance(rows, list) and all(isinstance(row, dict) for row in rows)):
            yield Fault(Flaw.SETTING, where, part)
        elif not 0 < len(rows) <= most[part]:
            yield Fault(Flaw.TOO_MANY, where, part)
        elif not all(_is_plain(row, wanted.get(part)) for row in rows):
            yield Fault(Flaw.SETTING, where, part)


def _is_plain(row: Mapping[str, Any], wanted: set[str] | None) -> bool:
    """Texts only, and the keys that are wanted; a rule's keys are judged with its columns."""
    return all(isinstance(word, str) for pair in row.items() for word in pair) and set(row) == (wanted or set(row))


def _edges(edges: list[Any]) -> Iterator[Fault]:
    for edge in edges:
        plain = isinstance(edge, dict) and set(edge) == {"id", "type", "sourceId", "targetId"}
        if not (plain and all(isinstance(word, str) for word in edge.values())):
            yield Fault(Flaw.SETTING, "document")


def _content(body: ModelBody) -> Iterator[Fault]:
    """Every name, formula and cell, along the chain: a step reads what stands before it."""
    known = {entry.name for entry in body.inputs}
    made: set[str] = set()
    for node in nodes_in_order(body.document):
        if node["type"] == "expressionNode":
            own = yield from _formulas(node, frozenset(known))
        elif node["type"] == "decisionTableNode":
            own = yield from _table(node, frozenset(known), body)
        else:
            continue
        if twice := own & (known | made):
            yield Fault(Flaw.TWICE, node["id"], min(twice))
        known |= own
        made |= own
    yield from (Fault(Flaw.MISSING, "document", name) for name in sorted(MADE - made))


def _formulas(node: Mapping[str, Any], known: frozenset[str]) -> Generator[Fault, None, set[str]]:
    own: set[str] = set()
    for one in node["content"]["expressions"]:
        key, text = one["key"], one["value"]
        if not _NAME.fullmatch(key):
            yield Fault(Flaw.NAME, node["id"], key[:40])
        if key in own:
            yield Fault(Flaw.TWICE, node["id"], key[:40])
        tree = parse(text)
        if isinstance(tree, Malformed):
            yield Fault(Flaw.FORMULA, f"{node['id']}.{key[:40]}", text[:60], tree)
        else:
            before, beside = names(tree)
            yield from (
                Fault(Flaw.UNKNOWN_FACT, f"{node['id']}.{key}", name)
                for name in sorted((before - known) | (beside - own))
            )
        own.add(key)
    return own


def _table(node: Mapping[str, Any], known: frozenset[str], body: ModelBody) -> Generator[Fault, None, set[str]]:
    content, where = node["content"], node["id"]
    columns = {one["id"]: one["field"] for one in (*content["inputs"], *content["outputs"])}
    if len(columns) < len(content["inputs"]) + len(content["outputs"]):
        yield Fault(Flaw.TWICE, where)
    for one in content["inputs"]:
        if one["field"] not in known:
            yield Fault(Flaw.UNKNOWN_FACT, where, one["field"][:60])
    made = {one["field"] for one in content["outputs"]}
    yield from (Fault(Flaw.NAME, where, name[:40]) for name in made if not _NAME.fullmatch(name))
    for number, row in enumerate(content["rules"], 1):
        place = f"{where}#{number}"
        if not set(row) <= {"_id", *columns} or "_id" not in row or not _ID.fullmatch(row["_id"]):
            yield Fault(Flaw.SETTING, place)
        for one in content["inputs"]:
            if read_cell(row.get(one["id"], "")) is None:
                yield Fault(Flaw.CELL, place, row[one["id"]][:60])
        for one in content["outputs"]:
            yield from _output(place, one["field"], row.get(one["id"], ""), body)
    return made


def _output(place: str, field: str, text: str, body: ModelBody) -> Iterator[Fault]:
    value = literal(text)
    if isinstance(value, Malformed):
        yield Fault(Flaw.OUTPUT, place, text[:60], value)
    elif field == "why":
        if value is not None and value not in body.whys:
            yield Fault(Flaw.WHY, place, str(value)[:40])
    elif unit_of(field, body.document) in (Unit.FEN, Unit.PPM, Unit.MONTHS) and not isinstance(value, int):
        yield Fault(Flaw.NUMBER, place, text[:40])
