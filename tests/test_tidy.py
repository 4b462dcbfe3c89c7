"""House rules over the whole project. Each failure names the file, the line and the rule (see tests/house.py).

The second half plants violations and expects a complaint: a rule that does not bite is no rule.
"""

import json
import re
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests import house
from tests.support import REPOSITORY

APP = REPOSITORY / "app"
POLICIES = REPOSITORY / "migrations" / "policies"
MADE = {".git", ".venv", "var", "__pycache__", ".mypy_cache", ".ruff_cache", ".hypothesis", "dist", "node_modules"}


def sources(folder: Path = APP) -> dict[str, str]:
    return {
        path.relative_to(REPOSITORY).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*.py"))
        if not MADE & set(path.parts)
    }


def modules() -> set[str]:
    return {name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in sources()}


def tracked() -> list[Path]:
    """What belongs to the project: the files git knows, or, in an export without git, all that nothing made."""
    answer = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )  # fmt: skip
    if answer.returncode == 0:
        return [REPOSITORY / name for name in answer.stdout.split("\0") if name and (REPOSITORY / name).is_file()]
    return [p for p in REPOSITORY.rglob("*") if p.is_file() and not MADE & set(p.relative_to(REPOSITORY).parts)]


def test_every_file_of_the_application_keeps_the_house_rules():
    """Sizes, transactions, clocks, purity of rules and names; the list of rules is tests/house.py."""
    errors = [c for name, text in sources().items() for c in house.complaints(name, text)]

    assert not errors, "\n".join(errors)


def test_no_sql_text_names_another_rooms_table():
    """Import contracts cannot see into strings, so this looks there."""
    files = sources()
    owners: dict[str, str] = {}
    for name, text in files.items():
        if name.endswith("/model.py"):
            owners |= house.tables_owned(name, text)

    strays = [c for name, text in files.items() for c in house.foreign_tables(name, text, owners)]

    assert owners, "no table is declared anywhere: this test would see nothing"
    assert not strays, "\n".join(strays)


def test_no_table_is_declared_by_two_rooms():
    """A table has one owner, who alone writes it."""
    seen: dict[str, str] = {}
    twice = []
    for name, text in sources().items():
        for table in house.tables_owned(name, text) if name.endswith("/model.py") else ():
            if table in seen:
                twice.append(f"{name}:1: declares {table}, which {seen[table]} declares")
            seen[table] = name

    assert not twice, "\n".join(twice)


def test_rooms_meet_only_at_their_faces():
    """A room imports another room's package or its events, never a module inside it."""
    known = modules()

    strays = [c for name, text in sources().items() for c in house.strangers(name, text, known)]

    assert not strays, "\n".join(strays)


def test_every_room_has_a_face():
    """`__all__` is what a room promises to others; twenty names are enough for one room."""
    errors = []
    for room in house.rooms(APP):
        face = room / "__init__.py"
        name = face.relative_to(REPOSITORY).as_posix()
        errors += house.face_errors(name, face.read_text()) if face.exists() else [f"{name}:0: a room has a face"]

    assert not errors, "\n".join(errors)


def test_every_room_says_what_it_owns():
    """A newcomer reads forty lines, not four files."""
    errors = []
    for room in house.rooms(APP):
        readme = room / "README.md"
        name = readme.relative_to(REPOSITORY).as_posix()
        if not readme.exists():
            errors.append(f"{name}:0: a room says what it owns, its states and its invariants")
        elif (lines := len(readme.read_text().splitlines())) > house.README_LINES_MAX:
            errors.append(f"{name}:{lines}: at most {house.README_LINES_MAX} lines")

    assert not errors, "\n".join(errors)


def layers() -> dict[str, bool]:
    """The modules that the import contracts place → whether they stand there without brackets, as built."""
    contracts = ConfigParser()
    contracts.read(REPOSITORY / ".importlinter")
    return {
        f"{container}.{word.strip(' ()')}": "(" not in word
        for name in contracts.sections()
        if (containers := contracts[name].get("containers", "")) and "*" not in containers
        for container in containers.split()
        for line in contracts[name]["layers"].split("\n")
        for word in line.replace("|", ":").split(":")
        if word.strip()
    }


def test_every_room_stands_in_the_import_contracts():
    """Also one without an `__init__.py`, which the contracts themselves would not see."""
    inside = {".".join(room.relative_to(REPOSITORY).parts) for room in house.rooms(APP)}

    assert sorted(inside - layers().keys()) == []


def test_nothing_speaks_of_a_machine():
    """The project is read by strangers: no path, registry or maker of ours says anything to them."""
    errors = []
    for path in tracked():
        name = path.relative_to(REPOSITORY).as_posix()
        try:
            errors += house.machine_words(name, path.read_text()) if name != "tests/test_tidy.py" else []
        except UnicodeDecodeError:
            continue  # a picture or a font

    assert not errors, "\n".join(errors)


def test_links_between_pages_lead_somewhere():
    """A page that points nowhere makes the reader doubt the rest."""
    broken = []
    for page in (path for path in tracked() if path.suffix == ".md"):
        name = page.relative_to(REPOSITORY).as_posix()
        for number, line in enumerate(page.read_text().splitlines(), 1):
            targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", line)
            broken += [f"{name}:{number}: {t} is not there" for t in targets if not (page.parent / t).exists()]

    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("path", sorted(POLICIES.glob("*.json")), ids=lambda path: path.stem)
def test_every_policy_is_dated_and_its_versions_do_not_overlap(path: Path):
    """Two versions in force on one day would make the answer depend on who asks."""
    errors = house.policy_errors(path.relative_to(REPOSITORY).as_posix(), path.read_text())

    assert not errors, "\n".join(errors)


def test_migrations_form_one_chain():
    """Two that follow the same one leave a database with no newest version, and nothing can be made or brought up."""
    text = "\n".join(sources(REPOSITORY / "migrations" / "versions").values())
    names, before = (re.findall(rf'(?m)^{word} = "(\w+)"', text) for word in ("revision", "down_revision"))

    assert sorted(set(names)) == sorted(names)
    assert sorted(set(before)) == sorted(before)
    assert len(set(names) - set(before)) == 1


def test_migrations_read_no_clock_outside_defaults():
    """A function in the database that reads a clock would disagree with a moved business clock."""
    versions = sources(REPOSITORY / "migrations" / "versions")

    assert versions
    errors = [c for name, text in versions.items() for c in house.migration_clock_errors(name, text)]
    assert not errors, "\n".join(errors)


def test_test_files_mirror_the_application():
    """Who looks for the tests of a module finds them where the module is."""
    folders = {p.parent.relative_to(REPOSITORY / "tests").as_posix() for p in (REPOSITORY / "tests").rglob("test_*.py")}
    own = {
        ".", "browser", "crash", "faults", "golden", "hostile", "journeys", "machines", "pages", "simulation",
        "zz_last",
    }  # fmt: skip

    assert sorted(f for f in folders - own if not (APP / f).is_dir()) == []


# Planted violations: each must be seen, at the line it stands on.

PLANTED = {
    "a long function": ("app/market/orders/service.py", "def f():\n" + "    x = 1\n" * 50, "1: f has 51 lines"),
    "a long file": ("app/market/orders/service.py", "x = 1\n" * 401, "401: a file has at most 400"),
    "a commit": ("app/market/orders/service.py", "async def f(tx):\n    await tx.commit()", "2: only app/infra/db.py"),
    "a driver's transaction": (
        "app/credit/records/store.py",
        "async def f(c):\n    async with c.transaction():\n        pass",
        "2: only app/",
    ),
    "BEGIN as text": (
        "app/worker.py",
        "async def f(c):\n    await c.execute('begin isolation level serializable')",
        "2: only",
    ),
    "COMMIT as text": ("app/worker.py", "async def f(tx):\n    await tx.execute('COMMIT')", "2: only"),
    "a connection of one's own": (
        "app/cli.py",
        "import asyncpg\nasync def f():\n    await asyncpg.connect('')",
        "3: only",
    ),
    "the driver's connect": ("app/cli.py", "from asyncpg import connect", "1: only app/infra/db.py"),
    "datetime.now": ("app/credit/grading/service.py", "x = datetime.now(UTC)", "1: only app/kernel/clock.py"),
    "datetime.datetime.now": (
        "app/credit/grading/service.py",
        "x = datetime.datetime.now()",
        "1: only app/kernel/clock",
    ),
    "date.today": ("app/credit/grading/service.py", "\nx = date.today()", "2: only app/kernel/clock.py"),
    "datetime.now as a value": ("app/web/a.py", "def f(read=datetime.utcnow): ...", "1: only app/kernel/clock.py"),
    "time.time": ("app/infra/http.py", "import time\nx = time.time()", "2: only app/kernel/clock.py"),
    "from time import": ("app/infra/http.py", "from time import time_ns", "1: only app/kernel/clock.py"),
    "now() in SQL": (
        "app/office/clocks/store.py",
        "DUE = 'select 1 from clocks where due_at <= now()'",
        "1: SQL takes",
    ),
    "current_date in SQL": (
        "app/office/clocks/store.py",
        "f(f'select {x} where on_day = CURRENT_DATE')",
        "1: SQL takes",
    ),
    "a lock against keys": (
        "app/market/orders/store.py",
        "LOCK = 'select 1 from orders where order_id = $1 for update'",
        "1: no key",
    ),
    "await in rules": ("app/market/orders/rules.py", "async def f():\n    await g()", "2: rules return a verdict"),
    "raise in rules": ("app/market/orders/rules/states.py", "def f():\n    raise ValueError", "2: rules return"),
    "async in rules": ("app/market/orders/rules.py", "async def f(): ...", "1: rules return a verdict"),
    "a replay that writes": ("app/replay/store.py", "SQL = 'delete from clocks'", "1: invariants and the replay"),
    "an invariant that may write": (
        "app/invariants/x.py",
        "async def f(db):\n    db.transaction(R)",
        "2: invariants and",
    ),
    "an empty name": ("app/market/orders/utils.py", "", "1: 'utils' says nothing"),
    "an empty class name": ("app/market/orders/service.py", "class OrderManager: ...", "1: class OrderManager"),
    "a bare id": ("app/market/orders/service.py", "def close(tx, id): ...", "1: an argument says whose"),
}


@pytest.mark.parametrize(("name", "text", "complaint"), PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_violation_is_seen(name: str, text: str, complaint: str):
    """Without this a rule could rot and nobody would know."""
    found = house.complaints(name, text)

    assert [c for c in found if c.startswith(f"{name}:{complaint}")], found


CLEAN = {
    "fifty lines": ("app/market/orders/service.py", "def f():\n" + "    x = 1\n" * 49),
    "the one committer": ("app/infra/db.py", "async def f(c):\n    await c.execute('commit')"),
    "a unit of work": ("app/worker.py", "async def f(db):\n    async with db.transaction(Role.WORKER):\n        pass"),
    "the one clock": ("app/kernel/clock.py", "x = datetime.now(UTC)"),
    "a clock that was passed": ("app/market/orders/service.py", "def f(clock):\n    return clock.now()"),
    "a stop watch": ("app/infra/postgres.py", "import time\nx = time.monotonic()"),
    "a lock that lets keys be read": (
        "app/market/orders/store.py",
        "LOCK = 'select 1 from orders for no key update skip locked'",
    ),
    "words about now": ("app/market/orders/service.py", 'def f():\n    """Not now(): see `current_date`."""'),
    "a default of a model": ("app/credit/consents/model.py", "x = Column(server_default=text('now()'))"),
    "a rule that asserts": ("app/market/orders/rules.py", "def f(x):\n    assert x >= 0\n    return x"),
    "a begin that is a word": ("app/web/i18n.py", "LABEL = 'begin'\nf('commit this')"),
}


@pytest.mark.parametrize(("name", "text"), CLEAN.values(), ids=CLEAN.keys())
def test_clean_text_draws_no_complaint(name: str, text: str):
    """A rule that cries wolf is switched off by the next person."""
    assert house.complaints(name, text) == []


OWNERS = {"consents": "app/credit/consents", "orders": "app/market/orders", "pools": "app/market/parties"}


@pytest.mark.parametrize(
    "text",
    [
        "SQL = 'select 1 from consents'",
        "SQL = f'select {x} from suborders s join consents c using (order_id)'",
        "SQL = 'select 1 from orders o, consents c where true'",
        "SQL = 'select 1 where exists (select 1 from public.consents)'",
        "SQL = 'update only consents set read_lock = 0'",
        "SQL = '''\ninsert\ninto\nconsents values (1)'''",
        "SQL = 'delete from suborders using consents'",
        "async def f(tx):\n    await tx.copy('consents', COLUMNS, rows)",
    ],
)
def test_sql_that_names_a_foreign_table_is_seen(text: str):
    """However the table is named."""
    (complaint,) = house.foreign_tables("app/market/orders/store.py", text, OWNERS)

    assert "names consents, a table of app/credit/consents" in complaint


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("app/market/orders/store.py", "SQL = 'select 1 from orders o'"),
        ("app/market/orders/store/reads.py", "SQL = 'select 1 from orders o'"),
        ("app/market/sla/store.py", "SQL = 'select 1 from orders_v_live join consents_v_alive on true'"),
        ("app/market/sla/service.py", 'def f():\n    """Drawn from orders, and from consents."""'),
        ("app/market/sla/store.py", "SQL = 'select orders from figures where consents > 0'"),
        ("app/invariants/one_hold.py", "SQL = 'select 1 from pools'"),
        ("app/replay/store.py", "SQL = 'select 1 from orders'"),
    ],
)
def test_sql_over_own_tables_and_published_views_is_left_alone(name: str, text: str):
    """Views are what a room publishes; invariants and the replay read everything, on purpose."""
    assert house.foreign_tables(name, text, OWNERS) == []


MODULES = {"app.credit.consents", "app.credit.consents.service", "app.credit.consents.events", "app.infra.db"}


@pytest.mark.parametrize(
    "text",
    [
        "from app.credit.consents.service import grant",
        "from app.credit.consents import service",
        "import app.credit.consents.store",
        "def f():\n    from app.credit.consents.rules import Grant",
    ],
)
@pytest.mark.parametrize("name", ["app/market/orders/service.py", "app/web/pages.py", "app/replay/fold.py"])
def test_an_import_past_a_face_is_seen(name: str, text: str):
    """Also one that is written inside a function."""
    (complaint,) = house.strangers(name, text, MODULES)

    assert "rooms meet at app.credit.consents or its events" in complaint


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("app/market/orders/service.py", "from app.credit.consents import grant"),
        ("app/market/orders/service.py", "from app.credit import consents"),
        ("app/market/orders/jobs.py", "from app.credit.consents.events import ConsentRevoked"),
        ("app/market/orders/jobs.py", "from app.credit.consents import events"),
        ("app/market/orders/service.py", "from app.market.orders import rules, store"),
        ("app/credit/consents/http.py", "from app.credit.consents.service import grant"),
        ("app/market/orders/store.py", "from app.infra.db import Tx"),
        ("app/wiring.py", "from app.credit.consents import jobs"),
    ],
)
def test_an_import_of_a_face_is_left_alone(name: str, text: str):
    """The composition root alone mounts handlers and jobs of every room."""
    assert house.strangers(name, text, MODULES) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "lists what it offers"),
        ("from x import y", "lists what it offers"),
        (f"__all__ = {[str(n) for n in range(21)]}", "at most 20 names; this one 21"),
    ],
)
def test_a_face_that_hides_or_shows_too_much_is_seen(text: str, complaint: str):
    """A face is a promise, so it is explicit and small."""
    (found,) = house.face_errors("app/market/orders/__init__.py", text)

    assert complaint in found


@pytest.mark.parametrize(
    "line",
    [
        "closed_at timestamptz check (closed_at <= now()),",
        "update clocks set due_at = clock_timestamp();",
        "valid_from date not null default '2022-03-01', x date check (x < current_date)",
    ],
)
def test_a_clock_in_a_migration_is_seen(line: str):
    """Only the default of a wall-time column may read one."""
    assert len(house.migration_clock_errors("migrations/versions/0010_x.py", f"\n{line}")) == 1
    assert house.migration_clock_errors("m.py", "recorded_at timestamptz not null default clock_timestamp(),") == []


@pytest.mark.parametrize(
    "line",
    ["see /root/src/app", "cd /home/somebody/src", "open('/Users/me/x')", "url = https://pypi.example/simple"],
)
def test_words_of_a_machine_are_seen(line: str):
    """A path that exists on one machine says nothing on the next."""
    assert len(house.machine_words("README.md", f"fine\n{line}")) == 1


@pytest.mark.parametrize(
    "line", ["GET /orders/{order_id}/root/x", "var/work/", "../shared/data", "var/home/", "/" + "tmp/x"]
)
def test_addresses_and_relative_paths_are_left_alone(line: str):
    """A URL of ours is not a path of a machine."""
    assert house.machine_words("README.md", line) == []


def row(**changes: object) -> str:
    base = {"key": "cn", "version": 1, "valid_from": "2022-03-01", "valid_to": None, "body": {}}
    return json.dumps([base | changes])[1:-1]


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ([row(valid_from="2022-02-30")], "are dates"),
        ([row(valid_from=None)], "are dates"),
        ([row(version="cn-1")], "whole number"),
        ([row(version=True)], "whole number"),
        ([row(body=[])], "body is an object"),
        ([row(extra=1)], "has exactly"),
        ([row(valid_to="2022-02-28")], "not before valid_from"),
        ([row(), row(version=2, valid_from="2025-01-01")], "versions 1 and 2 of cn overlap"),
        ([row(valid_to="2025-01-01"), row(version=2, valid_from="2025-01-01")], "overlap"),
        ([row(valid_to="2025-01-01"), row(valid_from="2025-01-02")], "stands twice"),
    ],
)
def test_a_policy_of_the_wrong_shape_is_seen(rows: list[str], complaint: str):
    """Policies are data, so nothing but this reads them before they are in force."""
    assert any(complaint in c for c in house.policy_errors("migrations/policies/x.json", f"[{','.join(rows)}]"))


def test_versions_that_follow_each_other_are_left_alone():
    """`valid_to` is the last day in force."""
    rows = [row(valid_to="2024-12-31"), row(version=2, valid_from="2025-01-01"), row(key="other")]

    assert house.policy_errors("migrations/policies/x.json", f"[{','.join(rows)}]") == []


GRAIN = {
    "Storeys": ("app/infra/vault.py", "from app.market import orders"),
    "Market rooms": ("app/market/attic/__init__.py", ""),  # exhaustive: a room that was never placed
    "Credit rooms": ("app/credit/subjects/service.py", "from app.credit import consents"),
    "Office rooms": ("app/office/clocks/jobs.py", "from app.office import proposals"),
    "Access rooms": ("app/access/audit/service.py", "from app.access.seats import Seat"),
    "Inside a room": ("app/credit/consents/store.py", "from app.credit.consents import service"),
    "Rules, events": ("app/credit/consents/rules.py", "import sqlalchemy"),
    "The replay": ("app/replay/service.py", "from app.kernel import workdays"),
    "No cycles": ("app/kernel/clock.py", "from app.kernel import ids"),
}
SOUND = """
    kernel.ids kernel.clock infra.db infra.outbox infra.vault web.body
    access.audit.service access.seats.rules office.clocks.jobs office.proposals.service
    credit.subjects.service credit.consents.rules credit.consents.events credit.consents.store credit.consents.service
    market.orders.service market.orders.rules market.sla.rules market.supervision.rules replay.service kernel.workdays
"""


def plant(root: Path, files: dict[str, str]) -> None:
    """A small tree of empty modules, with the given ones filled, under the project's own contracts."""
    wanted = {f"{module.replace('.', '/')}/__init__.py": "" for module, built in layers().items() if built}
    wanted |= {f"app/{module.replace('.', '/')}.py": "" for module in SOUND.split()}
    wanted |= {"app/infra/db.py": "from app.infra import outbox", "app/infra/outbox.py": "from app.infra import db"}
    wanted |= {"app/kernel/ids.py": "from app.kernel import clock"} | files
    for name, text in wanted.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
        for folder in path.relative_to(root).parents[:-1]:
            (root / folder / "__init__.py").touch()
    (root / ".importlinter").write_text((REPOSITORY / ".importlinter").read_text())


def broken_contracts(root: Path) -> list[str]:
    program = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command(['--no-cache'])"
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": str(root), "COLUMNS": "200"},
    )  # fmt: skip
    verdicts = [line for line in answer.stdout.splitlines() if re.search(r" (KEPT|BROKEN)", line)]
    assert len(verdicts) >= len(GRAIN), answer.stdout + answer.stderr
    return [line for line in verdicts if " BROKEN" in line]


def test_a_sound_tree_keeps_every_contract(tmp_path: Path):
    """The ground against which the planted imports below are seen."""
    plant(tmp_path, {})

    assert broken_contracts(tmp_path) == []


@pytest.mark.parametrize("contract", GRAIN)
def test_an_import_against_the_grain_breaks_its_contract(tmp_path: Path, contract: str):
    """Each contract is seen to fail, and no other with it."""
    name, text = GRAIN[contract]
    plant(tmp_path, {name: text})

    (broken,) = broken_contracts(tmp_path)

    assert broken.startswith(contract)
