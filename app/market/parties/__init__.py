"""Parties: banks, branches and products; what a branch may decide; the pools of money behind it.

`pools`, `shelf`, `outlets` and `changes` are the room's commands by noun; what other rooms use most stands beside them.
"""

from app.market.parties.rules import Bank, Branch, Need, PoolKey, Product, PublishedList, coverage, covers
from app.market.parties.service import changes, outlets, pools, shelf
from app.market.parties.service.pools import expire, hold, open_reservation, post, release, release_all, shrink
from app.market.parties.service.shelf import lists_for

__all__ = [
    "Bank",
    "Branch",
    "Need",
    "PoolKey",
    "Product",
    "PublishedList",
    "changes",
    "coverage",
    "covers",
    "expire",
    "hold",
    "lists_for",
    "open_reservation",
    "outlets",
    "pools",
    "post",
    "release",
    "release_all",
    "shelf",
    "shrink",
]
