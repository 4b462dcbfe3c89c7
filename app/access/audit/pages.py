"""The public page of the log's heads: what was sealed, by which key, and who saw it."""

from typing import Any, Final

from litestar import Request, Response, get

from app.access.audit.service import showing
from app.infra.db import ReadTx, Role
from app.web.deps import Given
from app.web.pages import page

PUBLIC: Final = {"roles": "public", "db": Role.PUBLIC}


@get("/audit/heads", opt=PUBLIC, include_in_schema=False)
async def show_heads(request: Request[Any, Any, Any], tx: Given[ReadTx]) -> Response[str]:
    """The newest heads, in words for whoever wants to keep one."""
    found = await showing.newest_heads(tx)
    witnessed = next((one for one in found if one.witnesses), None)
    keys = list(dict.fromkeys((one.head["kid"], one.key) for one in found))
    return page(request, "audit/heads.html", heads=found, newest=found[0] if found else None,
                witnessed=witnessed, keys=keys)  # fmt: skip
