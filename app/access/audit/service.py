"""Writing the audit log."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from uuid import UUID

from app.access.audit import store
from app.infra.db import Tx

_ACT: Final = re.compile(r"[a-z][a-z0-9_.-]{1,63}")
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


async def write(
    tx: Tx,
    act: str,
    *,
    subject_id: UUID | None = None,
    case_id: UUID | None = None,
    detail: Mapping[str, str] = _NOTHING,
) -> None:
    """Add an event in the caller's transaction, so that the act and its trace stand or fall together.

    `act` is a short verb phrase such as `package.read`; `detail` holds codes and ids, no names and no free text.
    """
    assert _ACT.fullmatch(act), f"not an act: {act!r}"
    await store.insert_event(tx, act, subject_id, case_id, detail)
