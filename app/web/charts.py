"""Charts as SVG that the content security policy lets through: geometry by attributes, looks by classes of `app.css`.

A chart is a picture of a table that stands beside it: title and description say its point in words, a legend of words
stands above it, its figures can be read without it. `viewBox` alone gives the size, so that it shrinks with a phone.
"""

import hashlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from xml.etree import ElementTree as ET

import pygal
from markupsafe import Markup

# The library puts a finder of an old kind among the importers, which then warns at every search for a module.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]

WIDTH, HEIGHT = 400, 210
LABELS_MAX: Final = 7  # Words under an axis that are legible on a phone.
TICKS: Final = 4
_UNSAID: Final = "\N{WORD JOINER}"  # The label of a guide that becomes the line of a promise.
_SVG: Final = "{http://www.w3.org/2000/svg}"
_DROPPED: Final = frozenset({"defs", "script", "style", "desc", "title", "tooltip-overlay"})
_HOOKS: Final = frozenset({"reactive", "tooltip-trigger", "always_show"})
_LOOKS: Final = frozenset({"style", "fill", "stroke", "onload", "onclick", "rx", "ry"})


@dataclass(frozen=True, slots=True)
class Series:
    """One row of figures. `look` names a class of `app.css`: first, second, third, good, warn, bad, still, hatched."""

    name: str
    values: Sequence[float | None]
    look: str = ""


def bars(
    title: str, description: str, labels: Sequence[str], series: Series, *, say: Callable[[float], str] = str,
    size: tuple[int, int] = (WIDTH, HEIGHT), promise: tuple[str, float] | None = None, sideways: bool = False,
) -> Markup:  # fmt: skip
    """One bar per label. `promise` draws a line across upright bars; `sideways` lays them down, for long labels."""
    kind = pygal.HorizontalBar if sideways else pygal.Bar
    return _draw(kind, title, description, labels, (series,), say, size, promise, legend=False)


def stacked(
    title: str, description: str, labels: Sequence[str], series: Sequence[Series], *, say: Callable[[float], str] = str,
    size: tuple[int, int] = (WIDTH, HEIGHT), promise: tuple[str, float] | None = None, sideways: bool = False,
    numbers: bool = False, at_least: float = 0,
) -> Markup:  # fmt: skip
    """Bars in parts that add up. `numbers` writes each value on its bar; charts that are compared share `at_least`."""
    kind = pygal.HorizontalStackedBar if sideways else pygal.StackedBar
    return _draw(
        kind, title, description, labels, series, say, size, promise, legend=True, numbers=numbers, at_least=at_least
    )


def line(
    title: str, description: str, labels: Sequence[str], series: Sequence[Series], *, say: Callable[[float], str] = str,
    size: tuple[int, int] = (WIDTH, HEIGHT), promise: tuple[str, float] | None = None,
) -> Markup:  # fmt: skip
    """Lines over time; a value of None leaves a gap."""
    return _draw(pygal.Line, title, description, labels, series, say, size, promise, legend=len(series) > 1)


def small_bars(values: Sequence[float | None], few: Sequence[bool], aim: float) -> Markup:
    """Bars from 0 to 1 in the height of a line, for a cell of a table whose words stand beside it: a picture without a
    name. None leaves a stub; `few` draws an outline; `aim` is a dashed line.

    >>> str(small_bars([1.0, None], [False, False], 0.95)).count("<rect"), "bar-few" in small_bars([0.5], [True], 0.9)
    (2, True)
    """
    wide, high = 9, 24
    tall = [1 if value is None else max(1, round(high * value)) for value in values]
    looks = [
        "none" if value is None else "bar-few" if is_few else "bar" for value, is_few in zip(values, few, strict=True)
    ]
    drawn = [
        Markup('<rect class="{}" x="{}" y="{}" width="6" height="{}"/>').format(look, n * wide + 1, high - up, up)
        for n, (look, up) in enumerate(zip(looks, tall, strict=True))
    ]
    width, line_at = len(values) * wide + 1, high - round(high * aim)
    return Markup(
        '<svg class="chart small-bars" viewBox="0 0 {0} {1}" width="{0}" height="{1}" aria-hidden="true"'
        ' focusable="false">{2}<path class="line target" d="M0 {3} H{0}"/></svg>'
    ).format(width, high, Markup("").join(drawn), line_at)


def ticks(highest: float) -> list[float]:
    """Round values from nothing to at least `highest`, few enough for a phone.

    >>> ticks(8_725), ticks(1), ticks(0), ticks(51)
    ([0, 2500, 5000, 7500, 10000], [0.0, 0.25, 0.5, 0.75, 1.0], [0, 1], [0, 20, 40, 60])
    """
    if highest <= 0:
        return [0, 1]
    step = 10.0 ** (len(str(int(highest))) - 1) if highest >= 1 else 1.0
    while highest / step < TICKS:
        step /= 10
    step = next(step * times for times in (1, 2, 2.5, 5, 10, 20, 25, 50) if highest / (step * times) <= TICKS)
    whole = int(step) if step == int(step) else step
    count = int(-(-highest // whole))
    return [whole * n for n in range(count + 1)]


def _draw(
    kind: type[Any], title: str, description: str, labels: Sequence[str], series: Sequence[Series],
    say: Callable[[float], str], size: tuple[int, int], promise: tuple[str, float] | None, *, legend: bool,
    numbers: bool = False, at_least: float = 0,
) -> Markup:  # fmt: skip
    across = kind.__name__.startswith("Horizontal")
    marks = ticks(max(at_least, _highest(kind, series, promise)))
    every = -(-len(labels) // LABELS_MAX)
    chart = kind(
        width=size[0], height=size[1], margin=4, margin_right=10, spacing=8, show_legend=False, js=[], no_prefix=True,
        disable_xml_declaration=True, pretty_print=False, show_dots=len(labels) <= 36, dots_size=3,
        range=(0, marks[-1]), print_values=numbers, print_values_position="center",
        formatter=lambda value: say(value) if numbers and value else "", show_minor_x_labels=False, no_data_text="",
        explicit_size=False,
    )  # fmt: skip
    if across:  # Drawn from below: the first label belongs on top. Chinese is wider than the library believes.
        chart.show_minor_x_labels = True
        chart.margin_left = 4 + 5 * max((sum(ord(c) > 0x2E7F for c in label) for label in labels), default=0)
    else:
        chart.x_labels_major = [label for n, label in enumerate(labels) if n % every == 0]
    turn = -1 if across else 1
    chart.x_labels = list(labels)[::turn]
    chart.y_labels = [{"value": mark, "label": say(mark)} for mark in marks]
    for row in series:
        chart.add(row.name, list(row.values)[::turn], allow_interruptions=True)
    if promise is not None and not across:
        _add_promise(chart, kind, len(labels), promise)
    root = ET.fromstring(chart.render())  # noqa: S314 - made a moment ago by ourselves
    looks = [row.look or _plain(n) for n, row in enumerate(series)]
    _clean(root, [*looks, "promise"])
    return _framed(root, title, description, list(zip(looks, series, strict=True)) if legend else [], promise)


def _highest(kind: type[Any], series: Sequence[Series], promise: tuple[str, float] | None) -> float:
    columns = list(zip(*(row.values for row in series), strict=True))
    reckon: Callable[[Sequence[float]], float] = sum if "Stacked" in kind.__name__ else max
    tops = [reckon([value or 0 for value in column]) for column in columns]
    return max([*tops, promise[1] if promise else 0], default=0)


def _plain(n: int) -> str:
    return ("first", "second", "third")[n % 3]


def _add_promise(chart: Any, kind: type[Any], count: int, promise: tuple[str, float]) -> None:
    """A line across; beside bars it is drawn by `_clean` out of a guide, so that it needs no second kind of chart."""
    if kind is pygal.Line:
        chart.add(promise[0], [promise[1]] * count)
    else:
        chart.y_labels = [*chart.y_labels, {"value": promise[1], "label": _UNSAID}]


def _clean(root: ET.Element, looks: Sequence[str]) -> None:
    """Take out everything that is no geometry; name what is left by classes of ours."""
    for parent in root.iter():
        for child in list(parent):
            classes = child.get("class", "").split()
            name = child.tag.removeprefix(_SVG) if isinstance(child.tag, str) else "comment"
            if name in _DROPPED | {"comment"} or _DROPPED & set(classes):
                parent.remove(child)
    for element in root.iter():
        for name in list(element.attrib):
            if name in _LOOKS or name.startswith("on"):
                del element.attrib[name]
        for name in ("x", "y", "width", "height", "cx", "cy", "r"):
            if name in element.attrib:
                element.set(name, _short(element.attrib[name]))
        classes = element.get("class", "").split()
        number = next((c.removeprefix("serie-") for c in classes if c.startswith("serie-")), None)
        if number is not None:
            element.set("class", f"series look-{looks[int(number)]}")
        elif _HOOKS & set(classes):
            element.set("class", " ".join(name for name in classes if name not in _HOOKS))
    _raise_promise(root)
    _drop_empty(root)


def _raise_promise(root: ET.Element) -> None:
    """The guide that stands for a promise becomes a line in front of the bars."""
    plot = root.find(f".//{_SVG}g[@class='plot']")
    for axis in root.iter(f"{_SVG}g"):
        for guides in axis.findall(f"{_SVG}g"):
            text = guides.find(f"{_SVG}text")
            if text is not None and text.text == _UNSAID and plot is not None:
                axis.remove(guides)
                guides.remove(text)
                guides.set("class", "series look-promise")
                guides[0].attrib.pop("class")
                plot.append(guides)


def _short(number: str) -> str:
    try:
        return f"{float(number):.1f}".removesuffix(".0")
    except ValueError:
        return number


def _drop_empty(root: ET.Element) -> None:
    """Groups and words with nothing in them, innermost first."""
    for parent in reversed(list(root.iter())):
        for child in list(parent):
            if (child.tag == f"{_SVG}g" and not len(child)) or (child.tag == f"{_SVG}text" and not child.text):
                parent.remove(child)


def _framed(
    root: ET.Element, title: str, description: str, legend: Sequence[tuple[str, Series]],
    promise: tuple[str, float] | None,
) -> Markup:  # fmt: skip
    name = "chart-" + hashlib.sha256(f"{title}\0{description}".encode()).hexdigest()[:10]
    root.attrib = {"viewBox": root.attrib["viewBox"], "role": "img", "aria-labelledby": f"{name}-t {name}-d"}
    said = [ET.Element(f"{_SVG}title", {"id": f"{name}-t"}), ET.Element(f"{_SVG}desc", {"id": f"{name}-d"})]
    for element, text in zip(said, (title, description), strict=True):
        element.text = text
    root[:0] = said
    ET.register_namespace("", _SVG.strip("{}"))
    drawn = Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 - escaped by the tree
    keys = [Markup('<li class="look-{}"><i></i>{}</li>').format(look, row.name) for look, row in legend]
    if promise is not None:
        keys.append(Markup('<li class="look-promise"><i></i>{}</li>').format(promise[0]))
    words = Markup('<ul class="chart-legend" aria-hidden="true">{}</ul>').format(Markup("").join(keys)) if keys else ""
    return Markup('<div class="chart drawn">{}{}</div>').format(words, drawn)
