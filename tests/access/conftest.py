"""Quiet logs for the rooms of who acts."""

import logging

import pytest

from app.infra import log


@pytest.fixture(autouse=True, scope="session")
def quiet_log() -> None:
    log.configure(level=logging.CRITICAL)
