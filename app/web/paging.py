"""Cursor paging: `?limit=&order=&cursor=`. A cursor is tied to its list, its order and its organisation."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from litestar import Request

from app.kernel.errors import Refusal
from app.web import context, sealing
from app.web.i18n import _

LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 200

Key = tuple[str | int, ...]  # The values of the last row's sort columns, its id last.


@dataclass(frozen=True, slots=True)
class Page:
    """What part of a list is asked for. `after` is the key of the last row seen, or None for the start."""

    limit: int
    order: str
    after: Key | None
    _secret: bytes
    _bound: tuple[bytes, ...]

    def next_cursor(self, rows: Sequence[object], last: Key) -> str | None:
        """The cursor behind `rows`, or None when they did not fill the page. `last` is the key of the last row."""
        if len(rows) < self.limit:
            return None
        return sealing.seal(self._secret, "cursor", json.dumps(last).encode(), *self._bound)


def read_page(
    request: Request[Any, Any, Any], *, orders: tuple[str, ...], filters: frozenset[str] = frozenset()
) -> Page:
    """Read the query. `orders` is the whitelist, its first the default; `filters` names the handler's own parameters.

    Refuses with `bad-query` (unknown parameter, order or limit) or `bad-cursor` (edited, of another list or firm).
    """
    query = request.query_params
    for name in query:
        if name not in filters and name not in ("limit", "order", "cursor", "lang"):
            raise Refusal("bad-query", "没有这个查询条件。", parameter=name[:60])
    order = query.get("order", orders[0])
    if order not in orders:
        raise Refusal("bad-query", "不能按此排序。", parameter="order", allowed=list(orders))
    limit = _limit(query.get("limit"))
    bound = (request.scope["path"].encode(), order.encode(), _org(request))
    secret: bytes = request.app.state.secret
    after = _after(secret, query.get("cursor"), bound)
    return Page(limit, order, after, secret, bound)


def _limit(text: str | None) -> int:
    if text is None:
        return LIMIT_DEFAULT
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= LIMIT_MAX):
        raise Refusal("bad-query", _("每页条数须为 1 至 {n}。").format(n=LIMIT_MAX), parameter="limit")
    return int(text)


def _org(request: Request[Any, Any, Any]) -> bytes:
    seat = context.of(request).seat
    return seat.org_id.bytes if seat else b""


def _after(secret: bytes, cursor: str | None, bound: tuple[bytes, ...]) -> Key | None:
    if cursor is None:
        return None
    payload = sealing.unseal(secret, "cursor", cursor, *bound) if len(cursor) <= 1000 else None
    if payload is None:
        raise Refusal("bad-cursor", "翻页标记无效，请从第一页重新开始。")
    return tuple(json.loads(payload))
