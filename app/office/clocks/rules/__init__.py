"""The pure rules of clocks: `deadlines` says when one is due, what it has used and why; `words` says it to people."""

from app.office.clocks.rules.deadlines import due, pause_days_used, rungs, time_used, trace
from app.office.clocks.rules.minutes import working_time
from app.office.clocks.rules.terms import (
    RUNGS,
    Clock,
    DayLine,
    Due,
    Limit,
    LimitUnit,
    LineKind,
    Pause,
    Rung,
    SlotLine,
    Used,
)
from app.office.clocks.rules.words import line_in_words, minutes_in_words, name_in_english

__all__ = [
    "RUNGS",
    "Clock",
    "DayLine",
    "Due",
    "Limit",
    "LimitUnit",
    "LineKind",
    "Pause",
    "Rung",
    "SlotLine",
    "Used",
    "due",
    "line_in_words",
    "minutes_in_words",
    "name_in_english",
    "pause_days_used",
    "rungs",
    "time_used",
    "trace",
    "working_time",
]
