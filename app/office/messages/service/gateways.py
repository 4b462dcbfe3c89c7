"""What carries a copy outside: a relay of SMS and e-mail, or the stand-in that writes down what it would have sent.

The relay is one POST of `{"channel", "to", "text"}` with a bearer token and `Idempotency-Key`, so that a provider of
either is plugged in by a few lines of its own; 2xx means taken, 4xx never, anything else is tried again.
"""

import asyncio
import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

from app.infra.http import CallFailed, CallRefused, Outgoing
from app.infra.settings import Settings
from app.office.messages.rules import Channel, Outcome, judge_status


@dataclass(frozen=True, slots=True)
class Copy:
    """What goes out. `sending_id` stays the same over all tries."""

    sending_id: UUID
    channel: Channel
    to: str
    text: str


class Gateway(Protocol):
    async def send(self, copy: Copy, at: datetime) -> tuple[Outcome, int | None]:
        """Try once; the status too where there was an answer. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Recorder:
    """Development: appends each copy to `recorded.jsonl`, readable by its owner alone, and sends nothing."""

    file: Path

    async def send(self, copy: Copy, at: datetime) -> tuple[Outcome, int | None]:
        line = {"at": at.isoformat(), "channel": copy.channel, "to": copy.to, "text": copy.text}
        await asyncio.get_running_loop().run_in_executor(None, self._append, json.dumps(line, ensure_ascii=False))
        return Outcome.RECORDED, None

    def _append(self, line: str) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(self.file, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600), "a") as file:
            file.write(line + "\n")


@dataclass(frozen=True, slots=True)
class Relay:
    """Production: hands each copy to the platform's relay."""

    http: Outgoing
    url: str
    token: str

    async def send(self, copy: Copy, at: datetime) -> tuple[Outcome, int | None]:
        body = json.dumps({"channel": copy.channel, "to": copy.to, "text": copy.text}, ensure_ascii=False).encode()
        headers = {
            "content-type": "application/json",
            "authorization": f"Bearer {self.token}",
            "idempotency-key": str(copy.sending_id),
        }
        try:
            answer = await self.http.post(self.url, content=body, headers=headers)
        except (CallFailed, CallRefused):
            return Outcome.UNREACHABLE, None
        return judge_status(answer.status), answer.status


def open_gateway(settings: Settings, http: Outgoing) -> Gateway | None:
    """The gateway of the settings: a relay where one is named, else the recorder, and in production none."""
    if settings.relay_url:
        return Relay(http, settings.relay_url, settings.relay_token)
    return None if settings.production else Recorder(settings.home / "messages" / "recorded.jsonl")
