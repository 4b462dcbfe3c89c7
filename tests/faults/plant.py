"""Plants faults one at a time in a copy of the tree and says which tests saw them.

    python -m tests.faults.plant            all of them; the list is FAULTS below
    python -m tests.faults.plant outbox     those whose name contains the word

Each test is first seen green without a fault. Exit 1 when one stays green with it: then the test sleeps.
The pages are in docs/planted-faults.md.
"""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.support import REPOSITORY


@dataclass(frozen=True, slots=True)
class Fault:
    """`old`, which occurs once in `file`, becomes `new`; then `test` must fail."""

    name: str
    file: str
    old: str
    new: str
    test: str


OUTBOX, DB, LAUNCHER = "app/infra/outbox.py", "app/infra/db.py", "app/infra/postgres.py"
OUTBOX_TESTS, DB_TESTS, LAUNCHER_TESTS = (f"tests/infra/test_{name}.py" for name in ("outbox", "db", "postgres"))
SCHEMA_TESTS = "tests/test_tidy_schema.py"
SEAL_TESTS, SEAL_FAULTS = (f"tests/access/audit/test_{name}.py" for name in ("sealing", "faults_in_the_database"))
TAMPERS = "tests/access/audit/test_tampers.py::test_a_thousand_falsified_exports_are_found_and_the_event_named"
CRASH_TEST = "tests/crash/test_crash.py::test_no_kill_loses_doubles_or_hurries_anything"

FAULTS = (
    Fault(
        "outbox: later events overtake a failing one",
        OUTBOX,
        "and e.stream_id = d.stream_id and e.seq < d.seq",
        "and e.stream_id = d.stream_id and e.seq < d.seq and false",
        f"{OUTBOX_TESTS}::test_events_of_one_stream_come_in_order",
    ),
    Fault(
        "outbox: a poison event blocks every stream",
        OUTBOX,
        "and e.stream_id = d.stream_id and e.seq < d.seq",
        "and e.seq < d.seq",
        f"{OUTBOX_TESTS}::test_a_poison_event_is_parked_and_blocks_its_own_stream_alone",
    ),
    Fault(
        "outbox: workers do not lock what they deliver",
        OUTBOX,
        "order by d.seq limit $2 for no key update of d skip locked",
        "order by d.seq limit $2",
        f"{OUTBOX_TESTS}::test_two_workers_never_tell_the_same_event_twice",
    ),
    Fault(
        "outbox: a delivery is not crossed off",
        OUTBOX,
        "touched = await tx.execute(CROSS_OFF, *done)",
        "touched = len(rows)",
        f"{OUTBOX_TESTS}::test_a_listener_after_the_commit_runs_once",
    ),
    Fault(
        "outbox: a failure at the commit is nobody's",
        OUTBOX,
        "if claimed is None or (done and isinstance(error, OUTCOME_UNKNOWN)):",
        "if claimed is None or done:",
        f"{OUTBOX_TESTS}::test_a_listener_that_fails_only_at_the_commit_blocks_nobody_else",
    ),
    Fault(
        "outbox: events are parked too early",
        OUTBOX,
        "ATTEMPTS_MAX: Final = 8",
        "ATTEMPTS_MAX: Final = 3",
        f"{OUTBOX_TESTS}::test_an_event_is_not_parked_before_its_eighth_try",
    ),
    Fault(
        "outbox: audiences may read it",
        "migrations/versions/0001_foundation.py",
        'READERS = {"worker": ("select", "true"),',
        'READERS = {"worker": ("select", "true"), "bank": ("select", "true"),',
        f"{OUTBOX_TESTS}::test_audiences_can_record_but_not_read",
    ),
    Fault(
        "unit of work: the scope outlives its transaction",
        DB,
        "calls = [f\"set_config('{name}', '{UUID(str(value))}', true)\"",
        "calls = [f\"set_config('{name}', '{UUID(str(value))}', false)\"",
        f"{DB_TESTS}::test_settings_of_one_unit_never_reach_the_next",
    ),
    Fault(
        "unit of work: a read may write",
        DB,
        "begin isolation level repeatable read read only",
        "begin isolation level repeatable read",
        f"{DB_TESTS}::test_a_read_cannot_write",
    ),
    Fault(
        "unit of work: it commits what was raised from",
        DB,
        'await asyncio.shield(connection.execute("rollback"))',
        'await asyncio.shield(connection.execute("commit"))',
        f"{DB_TESTS}::test_a_unit_of_work_that_raises_leaves_nothing",
    ),
    Fault(
        "schema: row-level security is not forced",
        "migrations/rls.py",
        'op.execute(f"alter table {table} force row level security")',
        "pass",
        f"{SCHEMA_TESTS}::test_the_schema_keeps_its_rules",
    ),
    Fault(
        "schema: a model has a column that no migration made",
        "app/credit/consents/model.py",
        "    grantor_subject_id: UUID\n",
        "    grantor_subject_id: UUID\n    stray: int\n",
        f"{SCHEMA_TESTS}::test_models_and_migrated_schema_agree",
    ),
    Fault(
        "roles: one bypasses row-level security",
        "app/infra/migrate.py",
        "nosuperuser nobypassrls",
        "nosuperuser bypassrls",
        f"{SCHEMA_TESTS}::test_the_schema_keeps_its_rules",
    ),
    Fault(
        "launcher: trusts whoever reaches the port",
        LAUNCHER,
        '"--auth=scram-sha-256"',
        '"--auth=trust"',
        f"{LAUNCHER_TESTS}::test_nobody_is_trusted_and_nothing_but_loopback_listens",
    ),
    Fault(
        "launcher: takes any living program for its server",
        LAUNCHER,
        'if str(home / "data") in _arguments(pid):',
        "if True:",
        f"{LAUNCHER_TESTS}::test_a_pid_that_lives_on_in_another_program_is_left_alone",
    ),
    Fault(
        "launcher: stops what it did not start",
        LAUNCHER,
        "if not server.started_here or server.pid not in _CHILDREN or not _alive(server.pid):",
        "if not _alive(server.pid):",
        f"{LAUNCHER_TESTS}::test_a_second_start_attaches_and_may_not_stop_it",
    ),
    Fault(
        "launcher: two first starts do not take turns",
        LAUNCHER,
        "fcntl.flock(file, fcntl.LOCK_EX)",
        "pass",
        f"{LAUNCHER_TESTS}::test_two_first_starts_at_once_take_turns",
    ),
    Fault(
        "launcher: gives up while a killed server's processes still end",
        LAUNCHER,
        'PASSING = ("is still in use", ',
        "PASSING = (",
        f"{LAUNCHER_TESTS}::test_a_start_waits_for_what_is_left_of_a_killed_server",
    ),
    Fault(
        "audit: an event slipped in under an old transaction is not looked for",
        "app/access/audit/service/exporting.py",
        "for source, seq in await proofs.read_strays(tx, last.window.base, STRAYS) if last else []:",
        "for source, seq in ():",
        f"{SEAL_FAULTS}::test_a_fault_in_the_seals_themselves_is_found",
    ),
    Fault(
        "audit: a batch begins behind the highest transaction that it saw",
        "app/access/audit/service/sealing.py",
        "rest = Window(target) if len(found) < most",
        'rest = Window(f"{end.xid + 1}:{end.xid + 1}:") if len(found) < most',
        f"{SEAL_TESTS}::test_a_slow_commit_is_neither_skipped_nor_waited_for",
    ),
    Fault(
        "audit: what was published is not compared before signing on",
        "app/access/audit/service/sealing.py",
        "await self._look_outside(tx, last)",
        "pass",
        f"{SEAL_TESTS}::test_a_database_set_back_is_not_sealed_on",
    ),
    Fault(
        "audit: a salt may go without a word",
        "app/access/audit/rules/checking.py",
        "if unsaid := state.erased - state.permitted:",
        "if unsaid := set[int]():",
        f"{SEAL_TESTS}::test_an_erasure_that_nobody_ordered_is_found",
    ),
    Fault(
        "audit: the platform's signature is not checked",
        "app/access/audit/rules/checking.py",
        "if not heads.head_holds(signed, key):",
        "if False:",
        TAMPERS,
    ),
    Fault(
        "audit: a head need not follow the one before",
        "app/access/audit/rules/checking.py",
        "if (head.no - 1, head.previous, head.log) != before[:3] or head.at < before[3]:",
        "if False:",
        TAMPERS,
    ),
    Fault(
        "audit: a personal part is taken on trust",
        "app/access/audit/rules/checking.py",
        "elif not _opens(line[83:147], personal, line[172:236]):",
        "elif False:",
        TAMPERS,
    ),
    Fault(
        "audit: leaves known outside are not compared",
        "app/access/audit/rules/checking.py",
        "if number < end and sealed",
        "if False and sealed",
        TAMPERS,
    ),
    Fault(
        "audit: a witness signs without a proof",
        "app/access/audit/service/witnessing.py",
        "if not merkle.continues(",
        "if False and not merkle.continues(",
        "tests/access/audit/test_http.py::test_a_witness_needs_nothing_but_the_address",
    ),
    Fault(
        "audit: the outbox can be changed",
        "migrations/versions/0024_seals.py",
        'for table in ("outbox", *(',
        "for table in ((",
        f"{SEAL_TESTS}::test_sealed_rows_stay_as_they_were_written",
    ),
    Fault(
        "crash: an answer is given before its commit is on disk",
        DB,
        'f"{begin}; {_settings(scope)}"',
        'f"{begin}; set local synchronous_commit = off; {_settings(scope)}"',
        CRASH_TEST,
    ),
    Fault(
        "crash: the sweep looks five minutes ahead",
        "app/market/orders/service/sweeping.py",
        "        order_ids = await clocks.find_due(tx, CASE_KINDS, now=now or tx.now, limit=BLOCK)",
        '        now = tx.now + __import__("datetime").timedelta(minutes=5)\n'
        "        order_ids = await clocks.find_due(tx, CASE_KINDS, now=now, limit=BLOCK)",
        CRASH_TEST,
    ),
    Fault(
        "crash: a repeated key acts again",
        "app/web/idempotency.py",
        "    if taken is not None:\n",
        "    if taken is not None and not taken:\n",
        CRASH_TEST,
    ),
)


def plant(fault: Fault, root: Path) -> None:
    path = root / fault.file
    text = path.read_text()
    assert text.count(fault.old) == 1, f"{fault.name}: {fault.file} has changed; write the fault anew"
    path.write_text(text.replace(fault.old, fault.new))


def copy(root: Path) -> None:
    made = shutil.ignore_patterns(".git", ".venv", "var", "__pycache__", ".*_cache", ".hypothesis")
    shutil.copytree(REPOSITORY, root, ignore=made)


def is_red(test: str, fault: Fault | None) -> bool:
    """Run one test in a copy of the tree, with or without the fault."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "tree"
        Path(folder).chmod(0o755)
        copy(root)
        if fault is not None:
            plant(fault, root)
        command = [sys.executable, "-m", "pytest", "-q", "--timeout", "100", test]
        code = subprocess.run(command, cwd=root, capture_output=True, check=False).returncode
    assert code in (0, 1), f"{test} could not be run (pytest ended with {code})"
    return code == 1


def main(words: list[str]) -> int:
    chosen = [fault for fault in FAULTS if all(word in fault.name for word in words)]
    sound = {test: not is_red(test, None) for test in dict.fromkeys(fault.test for fault in chosen)}
    unseen = 0
    for fault in chosen:
        verdict = "RED BEFORE" if not sound[fault.test] else "seen" if is_red(fault.test, fault) else "ASLEEP"
        unseen += verdict != "seen"
        print(f"{verdict:<10}  {fault.name}  ({fault.test.rsplit('::')[-1]})", flush=True)
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
