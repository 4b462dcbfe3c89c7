"""Subjects 信用主体: who they are, by which code, under which name since when, in which division."""

from app.credit.subjects.rules import Gazetteer, Subject, SubjectKind, kind_of
from app.credit.subjects.service import (
    Customer,
    district_name,
    find_by_customer,
    find_by_uscc,
    get,
    land_customers,
    land_registry,
    name_history,
    names_of,
    outlet_rows,
    read_gazetteer,
    register,
    search_by_name,
    sole_bank_with_customers,
    stage_customers,
    stage_registry,
)

__all__ = [
    "Customer",
    "Gazetteer",
    "Subject",
    "SubjectKind",
    "district_name",
    "find_by_customer",
    "find_by_uscc",
    "get",
    "kind_of",
    "land_customers",
    "land_registry",
    "name_history",
    "names_of",
    "outlet_rows",
    "read_gazetteer",
    "register",
    "search_by_name",
    "sole_bank_with_customers",
    "stage_customers",
    "stage_registry",
]
