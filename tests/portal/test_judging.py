"""From facts to words: green, amber, red, and something to do wherever it is not green."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.access.audit import Waiting
from app.infra.facts import DatabaseFacts, Disk, JobRun
from app.infra.outbox import Queue
from app.portal.judging import Seen, judge, worst

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
DATABASE = DatabaseFacts("18.1", "on", "on", "on", "on", 10**7, 1, 5, 100, "0015")
JOB = JobRun("clocks", "xy:1", NOW - timedelta(seconds=3), 4, 0, None, None, None)
WELL = Seen(
    NOW, NOW, [JOB], Queue(2, 0, 0, NOW - timedelta(seconds=1)), (0, 0), (0, None), 0, DATABASE, "0015",
    Disk(100, 60), 0,
)  # fmt: skip


def ago(seconds: int) -> datetime:
    return NOW - timedelta(seconds=seconds)


def test_what_is_well_asks_for_nothing():
    """A page that always wants something is not read."""
    checks = judge(WELL) + judge(replace(WELL, sealing=Waiting(3, ago(2), 7, ago(3))))

    assert {(one.tone, one.todo) for one in checks} == {("good", "")}


@pytest.mark.parametrize(
    ("seen", "name", "tone"),
    [
        (replace(WELL, jobs=[]), "后台进程", "bad"),
        (replace(WELL, jobs=[replace(JOB, ended_at=ago(40))]), "后台进程", "warn"),
        (replace(WELL, jobs=[replace(JOB, ended_at=ago(400))]), "后台进程", "bad"),
        (replace(WELL, jobs=[replace(JOB, error="OSError")]), "后台进程", "warn"),
        (replace(WELL, jobs=[JOB, replace(JOB, job="batches", ended_at=ago(1000))]), "后台进程", "warn"),
        (replace(WELL, queue=Queue(0, 0, 1, None)), "事件队列", "bad"),
        (replace(WELL, queue=Queue(9, 1, 0, ago(61))), "事件队列", "warn"),
        (replace(WELL, queue=Queue(9, 1, 0, ago(601))), "事件队列", "bad"),
        (replace(WELL, unfired=(3, 0)), "到期时钟", "warn"),
        (replace(WELL, unfired=(3, 1)), "到期时钟", "bad"),
        (replace(WELL, files=(1, ago(700))), "数据批次", "warn"),
        (replace(WELL, files=(1, ago(4000))), "数据批次", "bad"),
        (replace(WELL, dead_letters=1), "银行通知", "warn"),
        (replace(WELL, database=replace(DATABASE, fsync="off")), "数据库不丢数据", "bad"),
        (replace(WELL, database=replace(DATABASE, checksums="off")), "数据库不丢数据", "bad"),
        (replace(WELL, database=replace(DATABASE, oldest_seconds=121)), "数据库负载", "warn"),
        (replace(WELL, database=replace(DATABASE, connections=95)), "数据库负载", "bad"),
        (replace(WELL, revision="0016"), "数据库版本与程序", "bad"),
        (replace(WELL, disk=Disk(100, 15)), "磁盘", "warn"),
        (replace(WELL, disk=Disk(100, 5)), "磁盘", "bad"),
        (replace(WELL, outlets=2), "待归属网点", "warn"),
        (replace(WELL, sealing=Waiting(3, ago(31), 7, ago(40))), "记录封存", "warn"),
        (replace(WELL, sealing=Waiting(3, ago(301), None, None)), "记录封存", "bad"),
        (replace(WELL, missing_year=(2027, False)), "放假安排", "warn"),
        (replace(WELL, missing_year=(2027, True)), "放假安排", "bad"),
    ],
)
def test_what_is_not_well_says_so_and_what_to_do(seen: Seen, name: str, tone: str):
    """That one check turns, no other, and the page's headline with it."""
    checks = judge(seen)

    assert [(one.name, one.tone, bool(one.todo)) for one in checks if one.tone != "good"] == [(name, tone, True)]
    assert worst(checks) == tone
