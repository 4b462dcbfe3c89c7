"""The day-by-day explanation of a clock in words, Chinese and English. Pure."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from app.office.clocks.rules.terms import DayLine, LineKind, SlotLine

HOLIDAY_NAMES_EN: Final[Mapping[str, str]] = {
    "元旦": "New Year",
    "春节": "Spring Festival",
    "清明节": "Tomb-sweeping Day",
    "劳动节": "Labour Day",
    "端午节": "Dragon Boat Festival",
    "中秋节": "Mid-Autumn Festival",
    "国庆节": "National Day",
    "换日": "date line (no such day)",
}
_WEEKDAYS_ZH: Final = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
_WEEKDAYS_EN: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LINE_WORDS: Final[Mapping[LineKind, tuple[str, str]]] = {
    LineKind.START: ("起算当日，不计", "day of the event, not counted"),
    LineKind.COUNTED: ("计第 {n} 日", "day {n}"),
    LineKind.MAKE_UP: ("{name}调休上班，计第 {n} 日", "make-up workday for {name}, day {n}"),
    LineKind.PROVISIONAL: (
        "{year} 年放假安排未公布，暂计第 {n} 日",
        "calendar of {year} not announced, day {n} for now",
    ),
    LineKind.WEEKEND: ("周末，不计", "weekend, not counted"),
    LineKind.HOLIDAY: ("{name}放假，不计", "{name} holiday, not counted"),
    LineKind.PAUSED: ("当日 24:00 处于暂停，不计", "paused at its 24:00, not counted"),
}
_MOVED_ON: Final[Mapping[LineKind, tuple[str, str]]] = {
    LineKind.WEEKEND: ("计第 {n} 日，逢周末，期限顺延", "day {n}, a weekend: the deadline moves on"),
    LineKind.HOLIDAY: ("计第 {n} 日，逢{name}放假，期限顺延", "day {n}, {name} holiday: the deadline moves on"),
}
_LEADS: Final[Mapping[LineKind, tuple[str, str]]] = {  # Before the pieces of a day of working minutes.
    LineKind.MAKE_UP: ("{name}调休上班：", "make-up workday for {name}: "),
    LineKind.PROVISIONAL: ("{year} 年放假安排未公布，暂计：", "calendar of {year} not announced, for now: "),
}


def name_in_english(name: str) -> str:
    """A holiday's name; one that is not in the list stays as announced.

    >>> name_in_english("国庆节、中秋节")
    'National Day and Mid-Autumn Festival'
    """
    return " and ".join(HOLIDAY_NAMES_EN.get(part, part) for part in name.split("、"))


def line_in_words(line: DayLine, *, english: bool = False) -> str:
    """One day of the explanation, to stand behind its date.

    >>> from datetime import date, datetime
    >>> line_in_words(DayLine(date(2025, 9, 28), LineKind.MAKE_UP, 2, "国庆节"))
    '周日 国庆节调休上班，计第 2 日'
    >>> line_in_words(DayLine(date(2025, 9, 28), LineKind.MAKE_UP, 2, "国庆节"), english=True)
    'Sun make-up workday for National Day, day 2'
    >>> nine = datetime(2025, 9, 28, 9)
    >>> piece = SlotLine(nine, nine.replace(hour=12), timedelta(hours=3), timedelta(hours=3))
    >>> line_in_words(DayLine(date(2025, 9, 28), LineKind.MAKE_UP, None, "国庆节", (piece,)))
    '周日 国庆节调休上班：09:00-12:00 计 180 分钟；累计 180 分钟'
    """
    if line.slots:
        return _hours_in_words(line, english=english)
    words = _LINE_WORDS[line.kind]
    if line.n is not None and line.kind in _MOVED_ON:
        words = _MOVED_ON[line.kind]
    weekday = (_WEEKDAYS_EN if english else _WEEKDAYS_ZH)[line.day.weekday()]
    name = name_in_english(line.name) if english else line.name
    return f"{weekday} {words[english].format(n=line.n, name=name, year=line.day.year)}"


def _hours_in_words(line: DayLine, *, english: bool) -> str:
    """One day of a promise in working minutes: each piece of its slots with what it counted for, and the sum so far."""
    weekday = (_WEEKDAYS_EN if english else _WEEKDAYS_ZH)[line.day.weekday()]
    name = name_in_english(line.name) if english else line.name
    lead = _LEADS[line.kind][english].format(name=name, year=line.day.year) if line.kind in _LEADS else ""
    pieces = [_piece(line.day, one, english=english) for one in line.slots]
    total = minutes_in_words(line.slots[-1].total)
    sum_up = f"; {total} min so far" if english else f"；累计 {total} 分钟"
    return f"{weekday} {lead}{('; ' if english else '；').join(pieces)}{sum_up}"


def minutes_in_words(time: timedelta) -> str:
    """Minutes, with seconds as a fraction where there are some.

    >>> minutes_in_words(timedelta(hours=3)), minutes_in_words(timedelta(seconds=90))
    ('180', '1.5')
    """
    return f"{time / timedelta(minutes=1):.6f}".rstrip("0").rstrip(".")


def _piece(day: date, one: SlotLine, *, english: bool) -> str:
    span = f"{_time(one.from_at, day)}-{_time(one.to_at, day)}"
    if not one.counted:
        return f"{span} {'paused' if english else '暂停，不计'}"
    minutes = minutes_in_words(one.counted)
    return f"{span} counts {minutes} min" if english else f"{span} 计 {minutes} 分钟"


def _time(at: datetime, day: date) -> str:
    """The wall clock, with seconds where there are some; midnight after the day is its 24:00."""
    if at.date() > day:
        return "24:00"
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"
