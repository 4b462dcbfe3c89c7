"""Charts: what comes out is geometry and words, and nothing that the content security policy forbids."""

from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest
from markupsafe import Markup

from app.web import charts
from app.web.charts import Series

LABELS = ["1月", "2月", "3月"]
SERIES = Series("笔", [1, 2, 3])
KINDS: list[Callable[..., Markup]] = [
    lambda **more: charts.bars("题", "说明", LABELS, SERIES, **more),
    lambda **more: charts.bars("题", "说明", LABELS, SERIES, sideways=True, **more),
    lambda **more: charts.stacked("题", "说明", LABELS, [SERIES, Series("元", [3, 2, 1])], **more),
    lambda **more: charts.line("题", "说明", LABELS, [SERIES, Series("元", [3, None, 1])], **more),
]


@pytest.mark.parametrize("draw", KINDS)
def test_a_chart_holds_no_style_script_or_event(draw: Callable[..., Markup]):
    """The policy of every page allows neither; what is refused would be a chart without its looks."""
    root = ET.fromstring(draw(promise=("承诺", 2)))

    found = {name for element in root.iter() for name in element.attrib} | {
        element.tag.rpartition("}")[2] for element in root.iter()
    }

    assert not {
        name for name in found if name in ("style", "script", "defs", "fill", "stroke") or name.startswith("on")
    }


@pytest.mark.parametrize("draw", KINDS)
def test_a_chart_says_its_point_to_who_cannot_see_it(draw: Callable[..., Markup]):
    """An image with a title and a description; it gives no size, so that a phone may shrink it."""
    svg = next(e for e in ET.fromstring(draw()).iter() if e.tag.endswith("}svg"))

    said = [next(e.text for e in svg.iter() if e.get("id") == name) for name in svg.attrib["aria-labelledby"].split()]

    assert (said, svg.get("role"), svg.get("width")) == (["题", "说明"], "img", None)


def test_words_are_never_markup():
    """A bank's name or a reason comes from outside."""
    drawn = charts.bars("<b>&", "<script>alert(1)</script>", ["<i>", "x"], Series("<u>", [1, 2]), promise=("<s>", 1))

    assert not [tag for tag in ("<b>", "<script", "<i>", "<u>", "<s>") if tag in drawn.replace("<i></i>", "")]


def test_a_gap_stays_a_gap():
    """A month without a figure is not a month with nothing: the line is broken there."""
    whole = charts.line("题", "", LABELS, [Series("a", [1, 2, 3])])
    broken = charts.line("题", "", LABELS, [Series("a", [1, None, 3])])

    assert (whole.count("<circle"), broken.count("<circle")) == (3, 2)


def test_nothing_to_draw_is_still_a_chart():
    """A quarter without cases shows an empty frame and its words."""
    assert "题" in charts.bars("题", "", [], Series("a", []))
    assert "题" in charts.bars("题", "", LABELS, Series("a", [0, 0, 0]))


def test_numbers_stand_on_their_bars_when_asked():
    """Who reads a printed page cannot point at a bar; a value of nothing is not written."""
    parts = [Series("够", [93, None]), Series("少", [None, 40], "hatched")]

    plain = charts.stacked("题", "", ["9月", "10月"], parts, say=lambda value: f"{value:.0f} 件")
    said = charts.stacked("题", "", ["9月", "10月"], parts, say=lambda value: f"{value:.0f} 件", numbers=True)

    assert (plain.count(">93 件<"), said.count(">93 件<"), said.count(">40 件<")) == (0, 1, 1)
    assert said.count(">0 件<") == plain.count(">0 件<")
