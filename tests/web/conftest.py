"""The test application with one signed-in business."""

import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from litestar import Litestar

from app.access.orgs import OrgKind
from app.access.seats import Seat, SeatRole
from app.infra import log
from app.infra.db import Database
from tests.web.app_for_tests import TOYS, client_of, create_test_app, make_org, make_seat, sign


@pytest.fixture(autouse=True, scope="session")
def quiet_log() -> None:
    """Our own JSON log, without the line of every request."""
    log.configure(level=logging.CRITICAL)


@pytest.fixture
def app(db: Database) -> Litestar:
    app = create_test_app(db, *TOYS)
    app.state.boom = {}
    return app


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as client:
        yield client


@pytest.fixture
async def seat(db: Database) -> Seat:
    return await make_seat(db, SeatRole.BUSINESS, await make_org(db, OrgKind.BUSINESS), login="xy-owner")


@pytest.fixture
async def firm(db: Database, client: httpx.AsyncClient, seat: Seat) -> httpx.AsyncClient:
    """A client signed in as a business."""
    await sign(db, client, seat)
    return client


@pytest.fixture
def key() -> Any:
    """Headers with a fresh idempotency key at each call."""
    from app.web.idempotency import mint_key

    return lambda: {"idempotency-key": mint_key()}
