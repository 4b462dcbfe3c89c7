"""Organisations and people."""

from app.access.orgs.rules import Org, OrgKind, Person
from app.access.orgs.service import (
    bind_subject,
    create_org,
    create_person,
    disable_person,
    enable_person,
    find_org_by_subject,
    find_orgs_by_name,
    get_org,
    names_of_colleagues,
)

__all__ = [
    "Org",
    "OrgKind",
    "Person",
    "bind_subject",
    "create_org",
    "create_person",
    "disable_person",
    "enable_person",
    "find_org_by_subject",
    "find_orgs_by_name",
    "get_org",
    "names_of_colleagues",
]
