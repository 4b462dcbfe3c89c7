"""Ids sort by the time they were made."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from app.kernel.clock import WALL
from app.kernel.ids import new_id


def test_ids_rise_and_are_version_7():
    """Rows made later sort later, also within one millisecond."""
    made = [new_id() for _ in range(10_000)]

    assert made == sorted(set(made))
    assert {(7, "specified in RFC 4122")} == {(one.version, one.variant) for one in made}


def test_threads_never_make_the_same_id():
    """One lock holds the last tick."""
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: new_id(), range(8_000)))

    assert 8_000 == len({one.int >> 64 for one in made})


def test_an_id_tells_when_it_was_made():
    """The first 48 bits are milliseconds of the wall clock."""
    before = WALL.now()

    made_at = datetime.fromtimestamp((new_id().int >> 80) / 1000, UTC)

    assert abs((made_at - before).total_seconds()) < 60
