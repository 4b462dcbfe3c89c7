"""The house rules that no off-the-shelf linter knows, as functions from text to complaints.

Each complaint reads `file:line: rule`. `tests/test_tidy.py` runs them over the project and over planted violations.
"""

import ast
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path, PurePosixPath

FUNCTION_LINES_MAX = 50
FILE_LINES_MAX = 400
FACE_NAMES_MAX = 20
README_LINES_MAX = 40
STOREYS = ("access", "office", "credit", "market")
SINGLE_ROOMS = ("portal",)  # storeys that are a room themselves
READ_ONLY_EXEMPT = ("app/invariants/", "app/replay/")  # they read everybody's tables, on purpose, and write none
COMMITS = ("app/infra/db.py", "app/infra/migrate.py")
READS_CLOCK = ("app/kernel/clock.py",)
CLOCK_CALLS = {"now", "utcnow", "today"}
TIME_CALLS = {"time", "time_ns", "localtime", "gmtime", "ctime", "strftime"}
EMPTY_NAMES = {"manager", "managers", "helper", "helpers", "utils", "util", "common", "data", "info", "base", "misc"}
SQL_CLOCK = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\(\s*\)"
    r"|\b(current_timestamp|current_date|current_time|localtimestamp|localtime)\b",
    re.IGNORECASE,
)
SQL_LOCK = re.compile(r"\bfor\s+update\b", re.IGNORECASE)
SQL_TRANSACTION = re.compile(r"\s*(begin|commit|rollback|savepoint|release|start\s+transaction|abort)\b", re.IGNORECASE)
SQL_WRITE = re.compile(r"\b(insert\s+into|delete\s+from|truncate|update\s+\w+\s+set)\b", re.IGNORECASE)
SQL_TABLE = re.compile(
    r"\b(?:from|join|into|update|using|table|truncate)\s+(?:only\s+|lateral\s+)?(?:public\.)?\"?([a-z_][a-z0-9_]*)",
    re.IGNORECASE,
)
SQL_LIST = re.compile(
    r"\bfrom\s+([^()]*?)(?=\bwhere\b|\bgroup\b|\border\b|\bjoin\b|\bon\b|\blimit\b|\bfor\b|\bunion\b|;|$)",
    re.IGNORECASE | re.DOTALL,
)


def complaints(name: str, text: str) -> list[str]:
    """All rules that need nothing but one file of `app/`; `name` is its path from the repository."""
    tree = ast.parse(text)
    found = list(_sizes(name, text, tree))
    for rule in (_transactions, _clock, _sql_clock, _locks, _purity, _read_only, _names):
        found += rule(name, tree)
    return found


def _sizes(name: str, text: str, tree: ast.AST) -> Iterator[str]:
    lines = len(text.splitlines())
    if lines > FILE_LINES_MAX:
        yield f"{name}:{lines}: a file has at most {FILE_LINES_MAX} lines"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES_MAX:
                yield f"{name}:{node.lineno}: {node.name} has {length} lines; at most {FUNCTION_LINES_MAX}"


def _transactions(name: str, tree: ast.AST) -> Iterator[str]:
    if name in COMMITS:
        return
    rule = "only app/infra/db.py opens connections, begins or commits"
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "asyncpg":
            if imported := {alias.name for alias in node.names} & {"connect", "create_pool"}:
                yield f"{name}:{node.lineno}: {rule} (import of {imported.pop()})"
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and _is_transaction_call(node, node.func)
        ):
            yield f"{name}:{node.lineno}: {rule} (.{node.func.attr})"


def _is_transaction_call(call: ast.Call, method: ast.Attribute) -> bool:
    match method.attr:
        case "commit" | "rollback" | "begin" | "begin_nested":
            return True
        case "connect" | "create_pool":
            return isinstance(method.value, ast.Name) and method.value.id == "asyncpg"
        case "transaction":  # a driver's takes no argument; a unit of work takes its role
            return not call.args and not call.keywords
        case "execute" | "fetch" | "fetchval" | "fetchrow" | "row" | "value":
            first = call.args[0] if call.args else None
            return isinstance(first, ast.Constant) and bool(SQL_TRANSACTION.match(str(first.value)))
        case _:
            return False


def _clock(name: str, tree: ast.AST) -> Iterator[str]:
    if name in READS_CLOCK:
        return
    rule = "only app/kernel/clock.py reads the system clock"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value
            owned = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
            if node.attr in CLOCK_CALLS and owned in {"datetime", "date"}:
                yield f"{name}:{node.lineno}: {rule} ({owned}.{node.attr})"
            if node.attr in TIME_CALLS and owned == "time" and isinstance(owner, ast.Name):
                yield f"{name}:{node.lineno}: {rule} (time.{node.attr})"
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            for alias in node.names:
                if alias.name in TIME_CALLS:
                    yield f"{name}:{node.lineno}: {rule} (from time import {alias.name})"


def _sql_clock(name: str, tree: ast.AST) -> Iterator[str]:
    defaults = {  # of a `recorded_at` column, which is wall time
        (part.lineno, part.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "server_default"
        for part in ast.walk(node.value)
        if isinstance(part, ast.Constant)
    }
    for line, text in strings(tree):
        if (line, text) not in defaults and (hit := SQL_CLOCK.search(text)) and looks_like_sql(text):
            yield f"{name}:{line}: SQL takes an instant, it does not read a clock ({hit.group(0)})"


def _locks(name: str, tree: ast.AST) -> Iterator[str]:
    """FOR UPDATE also stops whoever writes a row that points at the locked one, and so closes circles."""
    for line, text in strings(tree):
        if SQL_LOCK.search(text):
            yield f"{name}:{line}: no key ever changes, so a row is locked for no key update"


def _purity(name: str, tree: ast.AST) -> Iterator[str]:
    parts = PurePosixPath(name).parts
    if not (parts[-1] == "rules.py" or "rules" in parts[:-1]):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Await | ast.AsyncFunctionDef | ast.AsyncFor | ast.AsyncWith | ast.Raise):
            kind = "raises" if isinstance(node, ast.Raise) else "awaits"
            yield f"{name}:{node.lineno}: rules return a verdict; this one {kind}"


def _read_only(name: str, tree: ast.AST) -> Iterator[str]:
    if not name.startswith(READ_ONLY_EXEMPT):
        return
    rule = "invariants and the replay read everything and write nothing"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in {"transaction", "execute", "executemany", "copy"}:
            yield f"{name}:{node.lineno}: {rule} (.{node.attr})"
    for line, text in strings(tree):
        if hit := SQL_WRITE.search(text):
            yield f"{name}:{line}: {rule} ({hit.group(0)})"


def _names(name: str, tree: ast.AST) -> Iterator[str]:
    stem = PurePosixPath(name).stem
    if stem in EMPTY_NAMES:
        yield f"{name}:1: '{stem}' says nothing; name the thing"
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and re.search(r"(Manager|Helper|Utils?|Info)$", node.name):
            yield f"{name}:{node.lineno}: class {node.name} says nothing; name the thing"
        if isinstance(node, ast.arguments):
            for argument in (*node.posonlyargs, *node.args, *node.kwonlyargs):
                if argument.arg == "id":
                    yield f"{name}:{argument.lineno}: an argument says whose id it is (order_id), never 'id'"


def strings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every text that is not a docstring, with its line; the gaps of an f-string read as a space."""
    skipped = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in node.values}
            yield node.lineno, "".join(str(p.value) if isinstance(p, ast.Constant) else " " for p in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.lineno, node.value


def looks_like_sql(text: str) -> bool:
    if re.fullmatch(r"\s*\w+\(\)\s*", text):
        return True
    return bool(
        re.search(
            r"\b(select|insert|update|delete|where|values|set|with|and|default|interval)\b|[<>=]", text, re.IGNORECASE
        )
    )


def tables_owned(name: str, text: str) -> dict[str, str]:
    """The tables that a room's model.py declares: table name → the room's folder."""
    owner = str(PurePosixPath(name).parent)
    return {
        str(node.value.value): owner
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id == "__tablename__"
        and isinstance(node.value, ast.Constant)
    }


def tables_named(sql: str) -> set[str]:
    """The tables that a text names where SQL names tables.

    >>> sorted(tables_named("select * from a, b x join c using (id) where exists (select 1 from d)"))
    ['a', 'b', 'c', 'd']
    """
    sql = re.sub(r"--[^\n]*", " ", sql)
    found = {hit.group(1).lower() for hit in SQL_TABLE.finditer(sql)}
    for hit in SQL_LIST.finditer(sql):
        for part in hit.group(1).split(","):
            if word := re.match(r"\s*(?:only\s+)?\"?([a-z_][a-z0-9_]*)", part, re.IGNORECASE):
                found.add(word.group(1).lower())
    return found


def foreign_tables(name: str, text: str, owners: Mapping[str, str]) -> list[str]:
    """SQL text that names a table of another room. A room's published views (`<room>_v_…`) are nobody's table."""
    if name.startswith(READ_ONLY_EXEMPT):
        return []
    tree = ast.parse(text)
    found = []
    for line, sql in (*strings(tree), *_copied(tree)):
        for table in sorted(tables_named(sql)):
            owner = owners.get(table)
            if owner is not None and not name.startswith(f"{owner}/"):
                found.append(f"{name}:{line}: names {table}, a table of {owner}; ask its face, or a view it publishes")
    return found


def _copied(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Tables that are filled by COPY are named by an argument, not in SQL text."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "copy"):
            continue
        if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
            yield node.lineno, f"into {node.args[0].value}"


def room_of(module: str) -> str | None:
    """The room a module belongs to, or None outside the rooms.

    >>> room_of("app.market.orders.rules.states"), room_of("app.infra.db"), room_of("app.portal.pages")
    ('app.market.orders', None, 'app.portal')
    """
    parts = module.split(".")
    if len(parts) >= 2 and parts[1] in SINGLE_ROOMS:
        return ".".join(parts[:2])
    return ".".join(parts[:3]) if len(parts) >= 3 and parts[1] in STOREYS else None


def strangers(name: str, text: str, modules: set[str]) -> list[str]:
    """Imports that reach past another room's face. `modules`: every module of ours, to tell one from a name.

    The composition root (files directly in `app/`, and `app/demo/`) is exempt: it mounts handlers and jobs.
    """
    parts = PurePosixPath(name).with_suffix("").parts
    if len(parts) == 2 or parts[1] == "demo":
        return []
    own = room_of(".".join(parts)) or ".".join(parts[:2])
    found = []
    for node in ast.walk(ast.parse(text)):
        for target in _targets(node, modules):
            room = room_of(target)
            if room is None or room == own or target in {room, f"{room}.events"}:
                continue
            found.append(
                f"{name}:{getattr(node, 'lineno', 0)}: reaches into {target}; rooms meet at {room} or its events"
            )
    return found


def _targets(node: ast.AST, modules: set[str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            yield inner if inner in modules else node.module


def face_errors(name: str, text: str) -> list[str]:
    """A room's `__init__.py` says in `__all__` what it offers, in at most 20 names."""
    for node in ast.parse(text).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(t, ast.Name) and t.id == "__all__" for t in targets):
            value = node.value  # type: ignore[union-attr]
            count = len(value.elts) if isinstance(value, ast.List | ast.Tuple) else 0
            if count > FACE_NAMES_MAX:
                return [f"{name}:{node.lineno}: a face shows at most {FACE_NAMES_MAX} names; this one {count}"]
            return []
    return [f"{name}:1: a face lists what it offers in __all__"]


def migration_clock_errors(name: str, text: str) -> list[str]:
    """Under migrations a clock may be read by the default of a column alone (`recorded_at` is wall time)."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        found += [
            f"{name}:{number}: only a default of a wall-time column reads a clock ({hit.group(0)})"
            for hit in SQL_CLOCK.finditer(line.split("--")[0])
            if not re.search(r"default\s+$", line[: hit.start()], re.IGNORECASE)
        ]
    return found


_HOSTS = "|".join(("pyp" + "i", "python" + "hosted", "artifact" + "ory", "nexus", "index-url"))
MACHINE_WORDS = re.compile(
    r"(?<![\w.$}~])/(?:work|root|Users|home/(?!\.)[a-z]\w*|mnt)/"  # an absolute path of somebody's machine
    rf"|https?://[^\s\"')]*(?:{_HOSTS})",
    re.IGNORECASE,
)


def machine_words(name: str, text: str) -> list[str]:
    """The project speaks of the product: no path of a machine, no host of a package registry."""
    return [
        f"{name}:{number}: speaks of a machine, not of the product ({hit.group(0)!r})"
        for number, line in enumerate(text.splitlines(), 1)
        if (hit := MACHINE_WORDS.search(line))
    ]


def policy_errors(name: str, text: str) -> list[str]:
    """A policy file is a list of dated versions; those of one key do not overlap, and at most one is open."""
    found: list[str] = []
    spans: dict[str, list[tuple[date, date, object]]] = {}
    versions: set[tuple[str, object]] = set()
    for number, row in enumerate(json.loads(text), 1):
        where = f"{name}: row {number}"
        if not isinstance(row, dict) or set(row) != {"key", "version", "valid_from", "valid_to", "body"}:
            found.append(f"{where}: has exactly key, version, valid_from, valid_to, body")
            continue
        if not isinstance(row["version"], int) or isinstance(row["version"], bool) or row["version"] < 1:
            found.append(f"{where}: version is a whole number from 1 on")
        if not isinstance(row["body"], dict):
            found.append(f"{where}: body is an object")
        if (row["key"], str(row["version"])) in versions:
            found.append(f"{where}: version {row['version']} of {row['key']} stands twice")
        versions.add((row["key"], str(row["version"])))
        try:
            begins = date.fromisoformat(row["valid_from"])
            ends = date.fromisoformat(row["valid_to"]) if row["valid_to"] is not None else date.max
        except (TypeError, ValueError):
            found.append(f"{where}: valid_from and valid_to are dates (valid_to may be null)")
            continue
        if begins > ends:
            found.append(f"{where}: valid_to, its last day, is not before valid_from")
        spans.setdefault(row["key"], []).append((begins, ends, row["version"]))
    for key, rows in spans.items():
        rows.sort(key=lambda r: (r[0], r[1]))
        for (_, ends, first), (begins, _, second) in itertools.pairwise(rows):
            if begins <= ends:
                found.append(f"{name}: versions {first} and {second} of {key} overlap")
    return found


def rooms(app: Path) -> list[Path]:
    """Folders of rooms that hold any code."""
    candidates = [d for storey in STOREYS for d in sorted((app / storey).iterdir()) if d.is_dir()]
    candidates += [app / name for name in SINGLE_ROOMS if (app / name).is_dir()]
    return [d for d in candidates if any(d.glob("*.py"))]
