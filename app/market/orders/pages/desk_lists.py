"""A list of the desk as its address says it, and the place of a row in it: what a clerk goes through one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from litestar import Request

from app.access.seats import Seat
from app.infra.db import Database, ReadTx, Role
from app.kernel.errors import Refusal
from app.market.orders.pages import desk_words
from app.market.orders.rules.stages import AFTER
from app.market.orders.service import inbox
from app.market.orders.service.inbox import Wanted
from app.market.orders.store.desk import FLAGS, ORDERS, Key
from app.web.deps import scope_of

PARAMETERS: Final = ("stage", "due", "flag", "product", "branch", "q")
QUERY_MAX: Final = 500
START: Final[Mapping[str, datetime | int]] = {"timestamptz": datetime(1970, 1, 1, tzinfo=UTC), "bigint": -(2**62)}
Asked = Request[Any, Any, Any]


def read_wanted(query: Mapping[str, str], order: str = "due_at") -> Wanted:
    """The list that an address asks for. Refuses `bad-query` and names the parameter."""
    stage, due, flag = (query.get(name, "")[:10] for name in ("stage", "due", "flag"))
    for name, value, known in (
        ("stage", stage, desk_words.STAGES), ("due", due, desk_words.DUES), ("flag", flag, ("", *FLAGS)),
        ("order", order, ORDERS),
    ):  # fmt: skip
        if value not in known:
            raise Refusal("bad-query", parameter=name)
    return Wanted(
        stage=stage, due=due, flag=flag, product_id=_uuid(query, "product"), branch_id=_uuid(query, "branch"),
        typed=query.get("q", "").strip()[:60], order=order,
    )  # fmt: skip


def _uuid(query: Mapping[str, str], name: str) -> UUID | None:
    text = query.get(name, "")
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Refusal("bad-query", parameter=name) from None


def address_of(wanted: Wanted, **changed: object) -> str:
    """The list as part of an address, what is not narrowed left out; `changed` are its fields turned over."""
    one = replace(wanted, **changed)  # type: ignore[arg-type]
    pairs = (
        ("stage", one.stage), ("due", one.due), ("flag", one.flag), ("product", one.product_id or ""),
        ("branch", one.branch_id or ""), ("q", one.typed), ("order", "" if one.order == "due_at" else one.order),
    )  # fmt: skip
    return urlencode([(name, str(value)) for name, value in pairs if value])


def kept_list(text: str) -> Wanted:
    """The list out of a kept address; one that says nothing we know is everything in hand."""
    query = dict(parse_qsl(text[:QUERY_MAX]))
    try:
        return read_wanted(query, query.get("order", "due_at"))
    except Refusal:
        return Wanted()


def place_text(key: Key) -> str:
    value, suborder_id = key
    return f"{value.isoformat() if isinstance(value, datetime) else value}~{suborder_id}"


def read_place(text: str, order: str) -> Key:
    """A place in a list; its very beginning when the text names none."""
    kind = ORDERS[order][1]
    value, _, suborder_id = text[:90].partition("~")
    try:
        found = int(value) if kind == "bigint" else datetime.fromisoformat(value)
        return (found if isinstance(found, int) else found.astimezone(UTC)), UUID(suborder_id)
    except (ValueError, OverflowError):
        return START[kind], UUID(int=0)


def cursor_key(after: Sequence[str | int] | None, order: str) -> Key | None:
    """The key out of an opened cursor."""
    return None if after is None else read_place(f"{after[0]}~{after[1]}", order)


@dataclass(frozen=True, slots=True)
class Course:
    """The list that a suborder was opened from. `tail` and `more` carry it along: behind an address without a query,
    and behind one that has a query already."""

    list: str
    tail: str
    more: str
    previous: tuple[str, str] | None
    next: tuple[str, str] | None


def tail_of(list_text: str, at: str) -> str:
    return "?" + urlencode({"list": list_text, "at": at}) if list_text or at else ""


def tail_in(request: Asked) -> str:
    """The list that this request carries along, as an address goes on with it."""
    query = request.query_params
    return tail_of(query.get("list", "")[:QUERY_MAX], query.get("at", "")[:90])


async def course_of(request: Asked, tx: ReadTx, seat: Seat) -> Course:
    """Where the suborder stands in the list it was opened from: what comes before it and what comes next."""
    query = request.query_params
    text, at = query.get("list", "")[:QUERY_MAX], query.get("at", "")[:90]
    wanted, tail = kept_list(text), tail_of(text, at)
    more = "&" + tail.removeprefix("?") if tail else ""
    if wanted.stage in AFTER:
        return Course(address_of(wanted), tail, more, None, None)
    here = read_place(at, wanted.order)
    if here[1].int == 0:  # Opened by its own address: after it comes the most urgent one that is not itself.
        here = (here[0], UUID(str(request.path_params["suborder_id"])))
    if tx.role is Role.BANK:
        found = await inbox.beside(tx, wanted, by=seat, at=here)
    else:  # An act sees one order alone; its neighbours are read as the branch.
        db: Database = request.app.state.db
        async with db.reading(Role.BANK, scope_of(request)) as own:
            found = await inbox.beside(own, wanted, by=seat, at=here)
    sides = {
        side: (f"/desk/suborders/{one.suborder_id}{tail_of(text, place_text(one.key))}", one.firm)
        for side, one in found.items()
    }
    return Course(address_of(wanted), tail, more, sides.get("previous"), sides.get("next"))
