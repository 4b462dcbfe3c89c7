"""Clocks: promises with a limit of time about any case, their pauses, and why a deadline is on its day."""

from app.office.clocks.rules import line_in_words
from app.office.clocks.service.cases import CaseKind, register, sweep
from app.office.clocks.service.keeping import (
    CaseRef,
    ClockState,
    breach,
    calendar_on,
    pause,
    pause_left,
    resume,
    start,
    state_of,
    stop,
    void,
)
from app.office.clocks.service.reading import Explanation, due_of, explain, find_due, of_root

from app.office.clocks.service import carrying as carrying  # isort: skip - promises judged again, carried on
from app.office.clocks.service import recounting as recounting  # isort: skip - when a calendar arrives

__all__ = [
    "CaseKind",
    "CaseRef",
    "ClockState",
    "Explanation",
    "breach",
    "calendar_on",
    "due_of",
    "explain",
    "find_due",
    "line_in_words",
    "of_root",
    "pause",
    "pause_left",
    "register",
    "resume",
    "start",
    "state_of",
    "stop",
    "sweep",
    "void",
]
