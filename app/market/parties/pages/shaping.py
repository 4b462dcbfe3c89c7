"""What a head office typed, as the bodies of changes; and how a change is laid before the second person."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response
from pydantic import ValidationError

from app.access.seats import SeatRole
from app.infra.db import Tx
from app.kernel.errors import Refusal
from app.kernel.money import ReadSum, parse_sum
from app.market.parties.rules.list_files import read_percent
from app.office.proposals import Proposal
from app.web.body import text
from app.web.i18n import N_, _
from app.web.idempotency import once
from app.web.pages import see_other

ADMIN: Final = {"roles": (SeatRole.BANK_ADMIN,)}
Asked = Request[Any, Any, Any]
Typed = Annotated[str, text(30)]
Why = Annotated[str, text(500, 2)]
WAITS: Final = N_("已提交，须由总部另一人复核后生效。")


async def lay(request: Asked, tx: Tx, url: str, propose: Callable[[], Awaitable[Proposal]]) -> Response[bytes]:
    """Propose once, and go back to where it is seen waiting; `{}` in `url` stands for the proposal."""

    async def act() -> UUID:
        return (await propose()).proposal_id

    return see_other(request, url.format(await once(request, tx, act)), flash=_(WAITS))


def shaped(shape: type[Any], **values: object) -> Any:
    """The body of a change; bounds that contradict each other are a `malformed-field`."""
    try:
        return shape(**values)
    except ValidationError as error:
        field = ".".join(map(str, error.errors()[0]["loc"]))
        raise Refusal("malformed-field", "上下限或日期互相矛盾，请检查后重新提交。", pointer=f"/{field}") from None


def read_fen(typed: str, *, zero: bool = False) -> int:
    read = parse_sum(typed)
    if isinstance(read, ReadSum) and (read.fen > 0 or (zero and read.fen == 0)):
        return int(read.fen)
    raise Refusal("malformed-field", _("“{typed}”不是金额，请只填数字。").format(typed=typed))


def read_ppm(typed: str) -> int:
    if (ppm := read_percent(typed)) is None:
        raise Refusal("malformed-field", _("“{typed}”不是利率，请填百分数，例如 4.35。").format(typed=typed))
    return ppm


def read_lines(typed: str) -> list[str]:
    return [line.strip() for line in typed.splitlines() if line.strip()]


def read_uuid(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError:
        raise Refusal("malformed-field", pointer="/key") from None
