"""The published list of problem types, as pages and as JSON: what a `type` leads to."""

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from app.kernel.errors import Refusal
from app.kernel.problems import PROBLEMS
from app.web import context, pages

OPEN = {"roles": "public"}


def _row(code: str) -> dict[str, object]:
    problem = PROBLEMS[code]
    return {"code": code, "status": problem.status, "title_zh": problem.title_zh, "title_en": problem.title_en}


@get("/problems", opt=OPEN)
async def list_problems(request: Request[Any, Any, Any]) -> Response[Any]:
    """Every way in which this API says no."""
    rows = [_row(code) for code in PROBLEMS]
    if context.wants_html(request):
        return pages.page(request, "web/problems.html", rows=rows, chosen=None)
    return Response(rows)


@get("/problems/{code:str}", opt=OPEN)
async def show_problem(code: FromPath[str], request: Request[Any, Any, Any]) -> Response[Any]:
    """One way of saying no."""
    if code not in PROBLEMS:
        raise Refusal("not-found")
    if context.wants_html(request):
        return pages.page(request, "web/problems.html", rows=[_row(code)], chosen=code)
    return Response(_row(code))
