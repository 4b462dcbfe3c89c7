"""Heads outside the database: a file of their own for each log, appended to and fsynced, one line a head.

Several processes may append; each takes its turn by a lock on the file. What a crash left of a half-written last line
is cut off before the next one.
"""

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

from app.access.audit.rules import known
from app.access.audit.rules.heads import SignedHead, read_head, read_json

PIECE: Final = 1 << 16


def file_of(folder: Path, log_id: UUID) -> Path:
    return folder / f"heads-{log_id}.jsonl"


def last_head(folder: Path, log_id: UUID) -> SignedHead | None:
    """The newest head of the file, None where there is none yet."""
    path = file_of(folder, log_id)
    if not path.exists():
        return None
    with path.open("rb") as file:
        return _last(file.fileno())[0]


def append(folder: Path, log_id: UUID, batches: Sequence[tuple[SignedHead, bytes, Sequence[bytes]]]) -> None:
    """Add heads with their keys and leaves; those that another process added already are left out."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    handle = os.open(file_of(folder, log_id), os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        last, end = _last(handle)
        if os.fstat(handle).st_size > end:
            os.ftruncate(handle, end)
        newest = last.head.no if last else -1
        lines = [known.head_line(signed, x, leaves) for signed, x, leaves in batches if signed.head.no > newest]
        _write(handle, b"".join(lines))
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(handle: int, text: bytes) -> None:
    while text:
        text = text[os.write(handle, text) :]


def _last(handle: int) -> tuple[SignedHead | None, int]:
    """The head of the last whole line, and where that line ends. Reads from the end backwards."""
    place, tail, end = os.fstat(handle).st_size, b"", None
    while place > 0:
        step = min(PIECE, place)
        place -= step
        tail = os.pread(handle, step, place) + tail
        if end is None and (cut := tail.rfind(b"\n")) >= 0:
            tail, end = tail[: cut + 1], place + cut + 1
        if end is not None and tail.count(b"\n") >= 2:
            break
    line = tail.rstrip(b"\n").rsplit(b"\n", 1)[-1] if end is not None else b""
    return read_head(read_json(line)), end or 0
