"""Liveness: this process answers. Readiness: the database answers and has this code's schema."""

from typing import Any

import structlog
from litestar import Request, Response, get

from app.infra import migrate
from app.infra.db import Database, Role

log = structlog.get_logger(__name__)
OPEN = {"roles": "public", "seat": False}


@get("/health/live", opt=OPEN)
async def show_liveness() -> dict[str, str]:
    return {"status": "ok"}


@get("/health/ready", opt=OPEN)
async def show_readiness(request: Request[Any, Any, Any]) -> Response[dict[str, str]]:
    """503 while the database is away or on another revision than this code was made for."""
    db: Database = request.app.state.db
    expected: str = request.app.state.revision
    try:
        async with db.reading(Role.PUBLIC) as tx:
            found = await tx.value("select version_num from alembic_version")
    except Exception as error:  # noqa: BLE001  Whatever goes wrong here means: not ready.
        log.warning("not_ready", error=type(error).__name__)
        return Response({"status": "unavailable", "database": "away"}, status_code=503)
    if found != expected:
        return Response({"status": "unavailable", "database": "other revision"}, status_code=503)
    return Response({"status": "ok", "database": "ok"})


def expected_revision() -> str:
    return migrate.head()
