"""Proposals: acts that need two people, the maker and the checker."""

from app.office.proposals.events import ProposalClosed, ProposalMade
from app.office.proposals.jobs import expire_proposals
from app.office.proposals.rules import Change, Described, Line, NotChecked, Proposal, ProposalState, judge_check
from app.office.proposals.service import (
    Kind,
    approve,
    describe_by,
    find,
    get,
    open_of,
    propose,
    register,
    reject,
    void_open,
)

__all__ = [
    "Change",
    "Described",
    "Kind",
    "Line",
    "NotChecked",
    "Proposal",
    "ProposalClosed",
    "ProposalMade",
    "ProposalState",
    "approve",
    "describe_by",
    "expire_proposals",
    "find",
    "get",
    "judge_check",
    "open_of",
    "propose",
    "register",
    "reject",
    "void_open",
]
