"""A decision document as a sheet: its steps in order, tables with typed columns, formulas with their shapes. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.market.limits import ModelBody
from app.market.products.rules.cells import Condition, Unit, read_cell
from app.market.products.rules.grammar import Malformed, Node, is_flag, parse
from app.market.products.rules.shapes import Shape, shape_of

Literal = int | str | bool | None
_ENDINGS: Final = (("_fen", Unit.FEN), ("_ppm", Unit.PPM), ("_months", Unit.MONTHS), ("_listed", Unit.TICK))


@dataclass(frozen=True, slots=True)
class Column:
    """A fact that a step reads or makes. `words`: in (Chinese, English). `choices`: the texts that cells name."""

    name: str
    unit: Unit
    words: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One rule: its conditions by column, and what it puts out by column."""

    row_id: str
    conditions: tuple[Condition, ...]
    outputs: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The first row whose conditions all hold is taken."""

    step_id: str
    words: tuple[str, str]
    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Formula:
    column: Column
    text: str
    tree: Node
    shape: Shape | None


@dataclass(frozen=True, slots=True)
class Formulas:
    step_id: str
    words: tuple[str, str]
    formulas: tuple[Formula, ...]


Step = Table | Formulas


@dataclass(frozen=True, slots=True)
class Sheet:
    """`columns`: every fact by name, the inputs first. `whys`: (Chinese, English) by code."""

    inputs: tuple[Column, ...]
    columns: Mapping[str, Column]
    steps: tuple[Step, ...]
    whys: Mapping[str, tuple[str, str]]

    def step(self, step_id: str) -> Step | None:
        return next((step for step in self.steps if step.step_id == step_id), None)

    @property
    def tables(self) -> tuple[Table, ...]:
        return tuple(step for step in self.steps if isinstance(step, Table))


def read_sheet(body: ModelBody) -> Sheet:
    """The sheet of a vetted document; what it could not read would have been refused before."""
    columns = {
        entry.name: Column(entry.name, unit_of(entry.name, body.document), (entry.words_zh, entry.words_en))
        for entry in body.inputs
    }
    inputs = tuple(columns.values())
    steps = tuple(_steps(body, columns))
    return Sheet(inputs, columns, steps, {code: (words.zh, words.en) for code, words in body.whys.items()})


def nodes_in_order(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The nodes along the chain of edges."""
    by_id = {node["id"]: node for node in document["nodes"]}
    following = {edge["sourceId"]: edge["targetId"] for edge in document["edges"]}
    at = next(node["id"] for node in document["nodes"] if node["type"] == "inputNode")
    found: list[Mapping[str, Any]] = []
    while at in by_id and len(found) < len(by_id):
        found.append(by_id[at])
        at = following.get(at, "")
    return found


def unit_of(name: str, document: Mapping[str, Any]) -> Unit:
    """What a fact is counted in: by the ending of its name, else by how formulas make it or cells ask for it."""
    for ending, unit in _ENDINGS:
        if name.endswith(ending):
            return unit
    for node in document["nodes"]:
        content = node.get("content") or {}
        for made in content.get("expressions", ()):
            if made["key"] == name:
                tree = parse(made["value"])
                return Unit.FLAG if isinstance(tree, Node) and is_flag(tree) else Unit.COUNT
        for column in content.get("inputs", ()):
            cells = [read_cell(str(row.get(column["id"], ""))) for row in content.get("rules", ())]
            if column["field"] == name and any(cell is not None and cell.kind == "span" for cell in cells):
                return Unit.COUNT
    return Unit.TEXT


def literal(text: str) -> Literal | Malformed:
    """What a table puts out: a number, a text, yes, no or nothing; never a formula."""
    tree = parse(text)
    if isinstance(tree, Node) and tree.kind in ("number", "text", "null", "flag"):
        return tree.value
    return tree if isinstance(tree, Malformed) else Malformed.FORM


def write_literal(value: Literal) -> str:
    """
    >>> [write_literal(value) for value in (None, "rated_d", 35000, True)]
    ['null', "'rated_d'", '35000', 'true']
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"'{value}'" if isinstance(value, str) else str(value)


def _steps(body: ModelBody, columns: dict[str, Column]) -> Iterator[Step]:
    for node in nodes_in_order(body.document):
        label = body.labels.get(node["id"])
        words = (label.zh, label.en) if label else (node["name"], node["name"])
        content = node.get("content") or {}
        if node["type"] == "expressionNode":
            made = [(one, _column(one["key"], body)) for one in content["expressions"]]
            columns |= {column.name: column for _, column in made}
            yield Formulas(
                node["id"], words,
                tuple(
                    Formula(column, one["value"], tree, shape_of(one["value"]))
                    for one, column in made if isinstance(tree := parse(one["value"]), Node)
                ),
            )  # fmt: skip
        elif node["type"] == "decisionTableNode":
            outputs = tuple(_column(one["field"], body) for one in content["outputs"])
            columns |= {column.name: column for column in outputs}
            inputs = tuple(columns[one["field"]] for one in content["inputs"])
            yield Table(node["id"], words, inputs, outputs, tuple(_rows(content)))


def _rows(content: Mapping[str, Any]) -> Iterator[Row]:
    for rule in content["rules"]:
        yield Row(
            rule["_id"], tuple(read_cell(rule.get(one["id"], "")) or Condition() for one in content["inputs"]),
            tuple(_plain(literal(rule.get(one["id"], "null"))) for one in content["outputs"]),
        )  # fmt: skip


def _plain(value: Literal | Malformed) -> Literal:
    return None if isinstance(value, Malformed) else value


def _column(name: str, body: ModelBody) -> Column:
    label = body.labels.get(name)
    return Column(name, unit_of(name, body.document), (label.zh, label.en) if label else (name, name))
