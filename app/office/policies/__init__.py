"""Policies: rules as dated, versioned data. What was decided on a day is explained with the version of that day."""

from app.office.policies.rules import Policy
from app.office.policies.service import (
    add,
    all_in_force,
    all_versions,
    get_version,
    in_force,
    is_in_force,
    keys_in_force,
    version_in_force,
)

__all__ = [
    "Policy",
    "add",
    "all_in_force",
    "all_versions",
    "get_version",
    "in_force",
    "is_in_force",
    "keys_in_force",
    "version_in_force",
]
