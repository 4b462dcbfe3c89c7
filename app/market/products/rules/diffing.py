"""What a draft changes, line by line, in the words of its tables. Pure."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from app.market.products.rules.cells import Unit
from app.market.products.rules.shapes import Brackets
from app.market.products.rules.sheet import Formula, Sheet, Step, Table
from app.market.products.rules.wording import Speaker, row_words, value_words


@dataclass(frozen=True, slots=True)
class Change:
    """`before` is None for what is new, `after` for what is gone."""

    step: str
    before: str | None
    after: str | None


def changes(old: Sheet, new: Sheet, language: str) -> tuple[Change, ...]:
    """Every line that differs, by step, in the order of the new document; steps that are gone come last."""
    found: list[Change] = []
    before = {step.step_id: step for step in old.steps}
    for step in new.steps:
        found += _step(before.pop(step.step_id, None), step, (old, new), language)
    for step in before.values():
        found += _step(step, None, (old, new), language)
    said = [(code, old.whys.get(code), new.whys.get(code)) for code in dict.fromkeys((*old.whys, *new.whys))]
    is_english = language == "en"
    for code, first, second in said:
        if first != second:
            found.append(Change(code, first and first[is_english], second and second[is_english]))
    return tuple(found)


def lines_of(step: Step, sheet: Sheet, language: str) -> list[str]:
    """A step as lines: a row of a table, a bracket, or a formula each."""
    if isinstance(step, Table):
        return [row_words(step, row, language) for row in step.rows]
    return [line for formula in step.formulas for line in formula_lines(formula, sheet, language)]


def formula_lines(formula: Formula, sheet: Sheet, language: str) -> Iterator[str]:
    """A formula in words; brackets are a line each."""
    speaker = Speaker(sheet.columns, language)
    name = speaker.named(formula.column.name)
    if not isinstance(formula.shape, Brackets):
        yield f"{name} = {speaker.tell(formula.tree, formula.column.unit)}"
        return
    by, low = speaker.named(formula.shape.name), 0
    unit = sheet.columns[formula.shape.name].unit if formula.shape.name in sheet.columns else Unit.COUNT
    for upto, share in formula.shape.rows:
        start = value_words(low, unit, language)
        if upto is None:
            reach = f"{start} 以上" if language == "zh" else f"above {start}"
        else:
            end = value_words(upto, unit, language)
            reach = f"{start} 至 {end}" if language == "zh" else f"{start} to {end}"
        between = "的部分按" if language == "zh" else "at"
        yield f"{name} = {by} {reach} {between} {value_words(share, Unit.PPM, language)}"
        low = upto or low


def _step(old: Step | None, new: Step | None, sheets: tuple[Sheet, Sheet], language: str) -> Iterator[Change]:
    shown = new or old
    assert shown is not None, "one of the two is there"
    name = shown.words[language == "en"]
    first = [] if old is None else lines_of(old, sheets[0], language)
    second = [] if new is None else lines_of(new, sheets[1], language)
    matcher = difflib.SequenceMatcher(None, first, second, autojunk=False)
    for act, a, b, c, d in matcher.get_opcodes():
        if act == "equal":
            continue
        gone, come = first[a:b], second[c:d]
        for at in range(max(len(gone), len(come))):
            yield Change(name, gone[at] if at < len(gone) else None, come[at] if at < len(come) else None)
