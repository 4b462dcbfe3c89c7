"""A second reckoning of the figures a regulator is shown, from what happened alone.

It reads moves, pause events, policy bodies and the calendar document. It shares no code with the clocks, the promises
or the supervision that it checks, and still prints the same figures when every clock row is gone.
"""

from app.replay.rules import Outcome, Row, compare, reckon
from app.replay.service import Replay, judge_all, replay_in, replay_month, replay_sla

__all__ = ["Outcome", "Replay", "Row", "compare", "judge_all", "reckon", "replay_in", "replay_month", "replay_sla"]
