"""The test row: facts as typed or of an invented firm, run at once on one document or two, step by step."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from app.market import limits
from app.market.limits import BadModel, Measured, ModelBody
from app.market.products.pages.words import CELLS
from app.market.products.rules import (
    BadCell,
    Column,
    Formulas,
    Sheet,
    Table,
    Unit,
    label,
    row_words,
    shown_number,
    texts_of,
    typed_number,
    usual,
    value_words,
)
from app.web import i18n
from app.web.i18n import N_, _

Value = int | str | None
WAN: Final = 1_000_000
# Invented firms. No real one: what a firm consented to serves its own application alone.
SAMPLES: Final[Mapping[str, tuple[str, Mapping[Unit, Value]]]] = {
    "plain": (N_("普通小企业"), {}),
    "large": (N_("规模较大"), {Unit.FEN: 12_000 * WAN}),
    "small": (N_("规模很小"), {Unit.FEN: 6 * WAN}),
    "voids": (N_("作废、退货多"), {Unit.PPM: 300_000}),
    "listed": (N_("列入失信名单"), {Unit.TICK: 1}),
    "nothing": (N_("什么数据都没有"), dict.fromkeys(Unit)),
}
LEAST: Final = "least"  # The same firm with the last text that the tables name: the lowest rating.


@dataclass(frozen=True, slots=True)
class Field:
    """One fact to type. `choices` for texts; `fault` in words."""

    column: Column
    name: str
    words: str
    typed: str
    choices: tuple[str, ...]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class StepDone:
    """What a step did: the row that was taken and its words, or the values of its formulas."""

    words: str
    row: int | None
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a document says of the facts. `fault`: it says nothing, and nobody would be shown an amount."""

    title: str
    measured: Measured | None
    why: str
    steps: tuple[StepDone, ...]
    fault: bool = False


@dataclass(frozen=True, slots=True)
class TestRow:
    """`samples`: (words, address, count, is it on) of the invented firms; `kept` stays in the address."""

    fields: tuple[Field, ...]
    outcomes: tuple[Outcome, ...]
    samples: tuple[tuple[str, str, None, bool], ...]
    kept: Mapping[str, str]


def try_row(query: Mapping[str, str], documents: list[tuple[str, ModelBody, Sheet]]) -> TestRow:
    """Read the facts out of the address and run every document on them; the first one's inputs are asked for.

    With nothing typed the plain firm is run, so that the page opens with a result.
    """
    sheet = documents[0][2]
    inputs = {column.name: column for _title, _model, one in reversed(documents) for column in one.inputs}
    columns = [inputs[column.name] for column in sheet.inputs]
    columns += [column for name, column in inputs.items() if name not in {one.name for one in sheet.inputs}]
    sample = query.get("sample", "")
    is_typed = any(f"i.{column.name}" in query for column in columns) and not sample
    fields, facts = [], {}
    for column in columns:
        value: Value | BadCell = (
            _typed(query.get(f"i.{column.name}", ""), column)
            if is_typed
            else _sampled(column, sheet, sample or "plain")
        )
        typed = query.get(f"i.{column.name}", "")[:40] if is_typed else _shown(value, column)
        fault = _(CELLS[value]) if isinstance(value, BadCell) else ""
        choices = tuple(texts_of(sheet, column.name)) if column.unit is Unit.TEXT else ()
        fields.append(Field(column, f"i.{column.name}", label(column, i18n.language()), typed, choices, fault))
        facts[column.name] = None if isinstance(value, BadCell) else value
    ran = () if any(field.fault for field in fields) else tuple(_run(*one, facts) for one in documents)
    offered = [(key, _(words)) for key, (words, _given) in SAMPLES.items()]
    kept = {name: query[name] for name in ("version",) if name in query}
    if any(field.choices for field in fields):
        offered.insert(4, (LEAST, _("评级最低")))
    on = sample or ("" if is_typed else "plain")
    chips = tuple((words, f"?{urlencode({**kept, 'sample': key})}#test", None, key == on) for key, words in offered)
    return TestRow(tuple(fields), ran, chips, kept)


def _typed(typed: str, column: Column) -> Value | BadCell:
    typed = typed.strip()
    if not typed:
        return None
    if column.unit is Unit.TEXT:
        return typed[:40]
    if column.unit is Unit.TICK:
        return 1 if typed == "1" else 0
    return typed_number(typed, column.unit)


def _shown(value: Value | BadCell, column: Column) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return str(value) if column.unit is Unit.TICK else shown_number(value, column.unit)


def _sampled(column: Column, sheet: Sheet, sample: str) -> Value:
    _words, more = SAMPLES.get(sample, ("", {}))
    if column.unit in more:
        return more[column.unit]
    if sample == LEAST and column.unit is Unit.TEXT:
        return next(reversed(texts_of(sheet, column.name)), None)
    value = usual(sheet, column)
    return int(value) if isinstance(value, bool) else value


def _run(title: str, model: ModelBody, sheet: Sheet, facts: Mapping[str, Value]) -> Outcome:
    measured = limits.measure(model.text, {column.name: facts.get(column.name) for column in sheet.inputs})
    if isinstance(measured, BadModel):
        return Outcome(title, None, "", (), fault=True)
    why = sheet.whys.get(measured.why or "", ("", ""))[i18n.language() == "en"]
    return Outcome(title, measured, why, tuple(_steps(measured, sheet)))


def _steps(measured: Measured, sheet: Sheet) -> list[StepDone]:
    language = i18n.language()
    by_id = {str(step["step"]): step["data"] for step in measured.trace}
    done = []
    for step in sheet.steps:
        data = by_id.get(step.step_id, {})
        words = step.words[language == "en"]
        if isinstance(step, Table):
            index = data.get("index")
            row = int(index) if index is not None else None
            taken = ((_("结果"), row_words(step, step.rows[row], language)),) if row is not None else ()
            done.append(StepDone(words, None if row is None else row + 1, taken))
        else:
            done.append(StepDone(words, None, tuple(_values(step, data, language))))
    return done


def _values(step: Formulas, data: Mapping[str, object], language: str) -> list[tuple[str, str]]:
    found = []
    for formula in step.formulas:
        result = data.get(formula.column.name)
        value = result.get("result") if isinstance(result, Mapping) else None
        shown: Value | bool = (
            value if isinstance(value, bool) else int(str(value)) if _is_whole(value) else str(value or "—")
        )
        found.append((label(formula.column, language), value_words(shown, formula.column.unit, language)))
    return found


def _is_whole(value: object) -> bool:
    return isinstance(value, str) and value.lstrip("-").isdigit()
