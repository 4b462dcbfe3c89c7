"""Promises: the dated rules of every limit of time, shown with their history and changed by two people."""

from app.market.promises.rules import Change, Fault, body_of, judge
from app.market.promises.service import CHANGE, case_of, propose_change

__all__ = ["CHANGE", "Change", "Fault", "body_of", "case_of", "judge", "propose_change"]
