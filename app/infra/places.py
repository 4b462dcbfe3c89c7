"""From settings to a database that answers: the embedded server of `home`, or the one that DATABASE_URL names."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import asyncpg

from app.infra import postgres
from app.infra.db import Database, Role, role_password, with_database, with_user
from app.infra.migrate import assert_durable
from app.infra.outbox import Bus
from app.infra.settings import Settings

NAME: Final = "xinyidai"


@contextmanager
def server_address(settings: Settings) -> Iterator[str]:
    """Yield the address for the migration step. An embedded server that this call started stops again at the end."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    with postgres.running(settings.home / "postgres") as server:
        yield server.url


def database_address(settings: Settings, server_url: str) -> str:
    """The address of our database on that server; an outside DATABASE_URL names it already."""
    if settings.database_url is not None:
        return server_url
    return with_database(server_url, NAME)


@asynccontextmanager
async def open_database(
    settings: Settings, server_url: str, bus: Bus, application_name: str
) -> AsyncIterator[Database]:
    """Open the pools; refuse to start on a server that would lose what it acknowledges (P1).

    Raises ServerFailed where none answers, or none that was migrated.
    """
    url = database_address(settings, server_url)
    user = f"{NAME}_{Role.REPORTER}"
    try:
        await assert_durable(with_user(url, user, role_password(settings.secret, user)))
    except OSError as error:
        raise postgres.ServerFailed(f"no database answers: {error.strerror or error}.") from error
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError) as error:
        raise postgres.ServerFailed(
            "the database does not know us with this secret; run `xinyidai migrate`."
        ) from error
    db = Database(
        url=url, secret=settings.secret, bus=bus, prefix=NAME, movable_clock=settings.movable_clock,
        application_name=application_name,
    )  # fmt: skip
    try:
        yield db
    finally:
        await db.close()
