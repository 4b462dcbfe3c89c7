"""Logs: one JSON object a line, UTC, and only fields that are known to hold no personal data."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final, TextIO

import structlog

# A field that is not listed is dropped, so that a careless call can't leak a name, a sum or a request body.
ALLOWED: Final = frozenset(
    {
        "attempts", "count", "database", "duration_ms", "error", "event", "frames", "host", "job", "kind", "level",
        "listener", "logger", "method", "ms", "pid", "port", "problem", "reason", "revision", "role", "route",
        "seat_role", "seq", "signal", "status", "step", "timestamp", "trace_id", "version", "worker",
    }
)  # fmt: skip
LENGTH_MAX: Final = 500


def allow_listed(_: Any, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep listed fields, cut long texts, and count what was dropped."""
    kept = {k: v[:LENGTH_MAX] if isinstance(v, str) else v for k, v in fields.items() if k in ALLOWED}
    if len(kept) < len(fields):
        kept["dropped"] = len(fields) - len(kept)
    return kept


def configure(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send our own log, and warnings of libraries without their arguments, to `stream` (standard error)."""
    out = stream or sys.stderr
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            allow_listed,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False, default=_as_type),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(_LibraryFormat())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def _as_type(value: object) -> str:
    return type(value).__name__


class _LibraryFormat(logging.Formatter):
    """A library's record as the same JSON: its own words, none of the values it wanted to put in."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {"event": str(record.msg)[:LENGTH_MAX], "logger": record.name, "level": record.levelname.lower()}
        if record.exc_info and record.exc_info[0]:
            fields["error"] = record.exc_info[0].__name__
        return str(structlog.processors.JSONRenderer(ensure_ascii=False)(None, "", fields))


def frames_of(error: BaseException, depth: int = 6) -> list[str]:
    """Where an error came from, as `module:line`, innermost last; no message, since it may quote data."""
    found: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        found.append(f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}")
        trace = trace.tb_next
    return found[-depth:]
