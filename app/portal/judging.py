"""From facts of the machinery to words an operator acts on: how it stands, and what to do. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.access import audit
from app.infra.facts import DatabaseFacts, Disk, JobRun
from app.infra.outbox import Queue
from app.web.i18n import N_

GOOD, WARN, BAD = "good", "warn", "bad"
SILENT_SECONDS: Final = (30, 120)  # From here on to be watched, and to be acted on: a job beats every few seconds.
JOB_SILENT_SECONDS: Final = 900  # One job alone: a long load is silent meanwhile.
LAG_SECONDS: Final = (60, 600)
UNFIRED_SECONDS: Final = (60, 300)
UNSEALED_SECONDS: Final = (30, 300)
WAITING_SECONDS: Final = (600, 3600)
TRANSACTION_SECONDS: Final = (120, 1800)  # A large load is one transaction of some minutes.
CONNECTIONS_PERCENT: Final = (70, 90)
FREE_PERCENT: Final = (20, 10)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is looked at. `state` and `todo` are source texts, `slots` what stands in `state`."""

    name: str
    tone: str
    state: str
    slots: dict[str, str | int]
    todo: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """All facts of one look, at `wall` (and `now` of the business clock)."""

    wall: datetime
    now: datetime
    jobs: Sequence[JobRun]
    queue: Queue
    unfired: tuple[int, int]  # Cases with a clock due for the shorter and for the longer of UNFIRED_SECONDS.
    files: tuple[int, datetime | None]
    dead_letters: int
    database: DatabaseFacts
    revision: str
    disk: Disk
    outlets: int
    sealing: audit.Waiting | None = None  # What no head of the log covers yet.
    missing_year: tuple[int, bool] | None = None  # A year of the calendar that is not loaded, and whether it presses.


def judge(seen: Seen) -> list[Check]:
    """Every check, in the order in which they matter."""
    return [
        judge_worker(seen.jobs, seen.wall),
        judge_queue(seen.queue, seen.wall),
        judge_clocks(*seen.unfired),
        judge_files(seen.files, seen.now),
        judge_sealing(seen.sealing, seen.wall),
        judge_notices(seen.dead_letters),
        judge_keeping(seen.database),
        judge_load(seen.database),
        judge_revision(seen.database.revision, seen.revision),
        judge_disk(seen.disk),
        judge_outlets(seen.outlets),
        judge_calendar(seen.missing_year),
    ]


def worst(checks: Sequence[Check]) -> str:
    tones = {one.tone for one in checks}
    return BAD if BAD in tones else WARN if WARN in tones else GOOD


def judge_worker(jobs: Sequence[JobRun], wall: datetime) -> Check:
    name = N_("后台进程")
    if not jobs:
        return Check(
            name, BAD, N_("还没有运行过"), {}, N_("请启动后台进程（xinyidai worker）；没有它，时钟、装载和通知都不动。")
        )
    age = max(int((wall - max(one.ended_at for one in jobs)).total_seconds()), 0)
    if age >= SILENT_SECONDS[0]:
        todo = N_("后台进程停了或卡住了：请看它的日志，重新启动。没有丢东西，启动后会接着做。")
        return Check(name, _tone(age, SILENT_SECONDS), N_("{n} 秒没有动静"), {"n": age}, todo)
    failing = [one for one in jobs if one.error]
    if failing:
        todo = N_("它会自己再试；一直失败就看日志里同名的错误。")
        return Check(name, WARN, N_("{n} 项工作最近一次失败了"), {"n": len(failing)}, todo)
    silent = [one for one in jobs if (wall - one.ended_at).total_seconds() > JOB_SILENT_SECONDS]
    if silent:
        return Check(
            name, WARN, N_("{n} 项工作很久没有做完一轮"), {"n": len(silent)}, N_("多半是在做一件大的；过一会儿再看。")
        )
    return Check(name, GOOD, N_("在运行，{n} 秒前有动静"), {"n": age})


def judge_queue(queue: Queue, wall: datetime) -> Check:
    name, url = N_("事件队列"), "/ops/outbox"
    if queue.parked:
        todo = N_("这些事件试了八次都没送到；请看错误，修好后重试。")
        return Check(name, BAD, N_("停放 {n} 件"), {"n": queue.parked}, todo, url)
    lag = int((wall - queue.oldest_at).total_seconds()) if queue.oldest_at else 0
    if lag >= LAG_SECONDS[0]:
        todo = N_("后台进程忙不过来或停了；先看后台进程。")
        slots: dict[str, str | int] = {"n": queue.waiting, "s": lag}
        return Check(name, _tone(lag, LAG_SECONDS), N_("{n} 件在等，最早的等了 {s} 秒"), slots, todo, url)
    return Check(name, GOOD, N_("{n} 件在等，没有停放的"), {"n": queue.waiting}, "", url)


def judge_clocks(late: int, very_late: int) -> Check:
    name = N_("到期时钟")
    if late:
        todo = N_("到期而没有处理：先看后台进程；处理后时刻仍按到期那一刻记。")
        return Check(name, BAD if very_late else WARN, N_("{n} 个到期没有处理"), {"n": late}, todo)
    return Check(name, GOOD, N_("没有积压"), {})


def judge_files(files: tuple[int, datetime | None], now: datetime) -> Check:
    name, url = N_("数据批次"), "/ops/batches"
    count, oldest_at = files
    waited = int((now - oldest_at).total_seconds()) if oldest_at else 0
    if count and waited >= WAITING_SECONDS[0]:
        todo = N_("文件等得太久：先看后台进程，再打开那份文件看进度。")
        slots: dict[str, str | int] = {"n": count, "m": waited // 60}
        return Check(name, _tone(waited, WAITING_SECONDS), N_("{n} 份在等，最早的等了 {m} 分钟"), slots, todo, url)
    return Check(name, GOOD, N_("没有等得太久的文件"), {}, "", url)


def judge_sealing(waiting: audit.Waiting | None, wall: datetime) -> Check:
    name, url = N_("记录封存"), "/audit/heads"
    if waiting is None or (waiting.head_no is None and not waiting.events):
        return Check(name, GOOD, N_("还没有要封存的"), {}, "", url)
    late = int((wall - waiting.oldest_at).total_seconds()) if waiting.oldest_at else 0
    slots: dict[str, str | int] = {"n": waiting.events, "s": late}
    if late >= UNSEALED_SECONDS[0]:
        todo = N_(
            "先看后台进程。若它的“封存记录”一直失败，说明数据库与已公布的封存对不上：请不要删改任何东西，立即上报。"
        )
        return Check(name, _tone(late, UNSEALED_SECONDS), N_("{n} 条没有封存，最早的等了 {s} 秒"), slots, todo, url)
    return Check(name, GOOD, N_("封存到第 {no} 号，{n} 条在等"), slots | {"no": waiting.head_no or 0}, "", url)


def judge_notices(dead_letters: int) -> Check:
    name, url = N_("银行通知"), "/ops/outbox#dead"
    if dead_letters:
        todo = N_("银行那边收不到；请联系该行的接口负责人，修好后由该行重发。")
        return Check(name, WARN, N_("{n} 封没有送到"), {"n": dead_letters}, todo, url)
    return Check(name, GOOD, N_("没有送不到的"), {}, "", url)


def judge_keeping(facts: DatabaseFacts) -> Check:
    name = N_("数据库不丢数据")
    settings = (facts.fsync, facts.synchronous_commit, facts.full_page_writes, facts.checksums)
    if any(one != "on" for one in settings):
        todo = N_("断电可能丢数据：请恢复这几项设置，重新启动数据库。")
        return Check(name, BAD, N_("有设置被关掉了"), {}, todo)
    return Check(name, GOOD, N_("落盘、整页、校验和都开着"), {})


def judge_load(facts: DatabaseFacts) -> Check:
    name = N_("数据库负载")
    used = facts.connections * 100 // max(facts.connections_max, 1)
    age = facts.oldest_seconds or 0
    if age >= TRANSACTION_SECONDS[0]:
        todo = N_("有一件事开着没有做完；装载大文件时是这样，否则请看是谁。")
        return Check(name, _tone(age, TRANSACTION_SECONDS), N_("最早的事务开了 {n} 秒"), {"n": age}, todo)
    if used >= CONNECTIONS_PERCENT[0]:
        todo = N_("连接快用完了；请看是不是开了太多进程。")
        return Check(name, _tone(used, CONNECTIONS_PERCENT), N_("用了 {n}% 的连接"), {"n": used}, todo)
    return Check(name, GOOD, N_("用了 {n}% 的连接，没有久开的事务"), {"n": used})


def judge_revision(found: str, expected: str) -> Check:
    name = N_("数据库版本与程序")
    if found != expected:
        todo = N_("程序与数据库不是同一版：请运行 xinyidai migrate，或换回原来的程序。")
        return Check(name, BAD, N_("数据库是 {found}，程序要 {expected}"), {"found": found, "expected": expected}, todo)
    return Check(name, GOOD, N_("一致（{found}）"), {"found": found})


def judge_disk(disk: Disk) -> Check:
    name = N_("磁盘")
    free = disk.free_bytes * 100 // max(disk.total_bytes, 1)
    slots: dict[str, str | int] = {"n": free, "g": f"{disk.free_bytes / 2**30:.1f}"}
    tone = BAD if free < FREE_PERCENT[1] else WARN if free < FREE_PERCENT[0] else GOOD
    todo = "" if tone == GOOD else N_("请清理或加盘；满了就不能再写，已写的不会坏。")
    return Check(name, tone, N_("还剩 {n}%（{g} GiB）"), slots, todo)


def judge_outlets(waiting: int) -> Check:
    name, url = N_("待归属网点"), "/ops/outlets"
    if waiting:
        return Check(name, WARN, N_("{n} 家等您指定银行"), {"n": waiting}, N_("指定之前，这些网点接不到单。"), url)
    return Check(name, GOOD, N_("没有待归属的"), {}, "", url)


def judge_calendar(missing: tuple[int, bool] | None) -> Check:
    name = N_("放假安排")
    if missing is None:
        return Check(name, GOOD, N_("该有的年份都已装载"), {})
    year, is_urgent = missing
    todo = N_("落在那一年的期限都是暂定的。国务院办公厅公布后，运行 xinyidai calendar load；未结的期限一分钟内重算。")
    return Check(name, BAD if is_urgent else WARN, N_("{year} 年的还没有装载"), {"year": year}, todo)


def _tone(value: int, limits: tuple[int, int]) -> str:
    return BAD if value >= limits[1] else WARN if value >= limits[0] else GOOD
