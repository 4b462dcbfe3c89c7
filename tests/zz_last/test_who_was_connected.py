"""Who was connected to the run's server at any time of it, read from the server's own log (P16).

The folder's name puts it after every other test. Alone it sees only its own fixtures, which is still a fair sample.
"""

import re
from collections import Counter

import asyncpg
import pytest

from tests.conftest import Cluster

pytestmark = pytest.mark.last
MIGRATION, FAULTS = "xinyidai-migrate", "fault-injector"
AUTHORIZED = re.compile(
    r"connection authorized: user=(?P<user>\S+) database=(?P<database>\S+)(?: application_name=(?P<name>[^\n]*))?"
)
PREFIXES = ("xyd", "xinyidai")  # The template's roles, and those that the command line makes for itself.
APPLICATION = {
    f"{prefix}_{role}"
    for prefix in PREFIXES
    for role in "auth business bank regulator ops public act worker loader reporter sealer".split()
}


def connected(log: str) -> Counter[tuple[str, str]]:
    """(user, application) → connections, of every connection that the server let in."""
    return Counter((hit["user"], (hit["name"] or "").strip()) for hit in AUTHORIZED.finditer(log))


def intruders(seen: Counter[tuple[str, str]]) -> list[str]:
    """Who was let in as somebody he should not be.

    Only the migration step and fault injectors are superusers; only the migration step can become the owner; all else
    is a login role of the application.
    """
    allowed = {
        ("postgres", MIGRATION),
        ("postgres", FAULTS),
        *((f"{prefix}_migrate", MIGRATION) for prefix in PREFIXES),
    }
    return [
        f"{name or '(unnamed)'} connected {count} times as {user}"
        for (user, name), count in sorted(seen.items())
        if (user, name) not in allowed and user not in APPLICATION
    ]


async def test_zz_only_the_migration_and_fault_injectors_were_ever_superuser(
    cluster: Cluster, admin: asyncpg.Connection, db, capsys: pytest.CaptureFixture[str]
):
    """A test, demo or page that works only as a superuser proves nothing about row-level security."""
    seen = connected((cluster.home / "postgres.log").read_text(errors="replace"))

    with capsys.disabled():
        print("\n" + "\n".join(f"  {count:>6}  {user:<16} {name}" for (user, name), count in sorted(seen.items())))
    assert seen[("postgres", FAULTS)] >= 1, "the log is not what this test believes it is"
    assert not intruders(seen), "\n".join(intruders(seen))


@pytest.mark.parametrize(
    "line",
    [
        "connection authorized: user=postgres database=postgres application_name=xinyidai-test",
        "connection authorized: user=postgres database=t1",
        "connection authorized: user=xyd_migrate database=t1 application_name=xinyidai-test",
        "connection authorized: user=xyd_owner database=t1 application_name=xinyidai-migrate",
    ],
)
async def test_an_intruder_is_seen(line: str):
    """Each line is one connection that should never have been."""
    log = f"2026-11-24 04:14:49.630 UTC [23398] postgres@postgres [unknown] LOG:  {line}\n"

    assert len(intruders(connected(log))) == 1


async def test_a_login_role_is_no_intruder():
    """Under whatever name it works."""
    log = "LOG:  connection authorized: user=xyd_bank database=t1 application_name=xinyidai\n"

    assert intruders(connected(log)) == []
