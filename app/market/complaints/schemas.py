"""The shapes of the policies `complaint`/`categories` and `complaint`/`handling`; how the messages read."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from app.market.complaints.rules import Handling
from app.web.i18n import N_

TEXTS: Final[Mapping[str, str]] = {
    "complaint.filed": N_("收到一件投诉，请在 1 个工作日内确认、15 天内答复。"),
    "complaint.filed_for_firm": N_("客服按您的授权提交了一件对{bank}的投诉，答复期限见投诉页。"),
    "complaint.answered": N_("{bank}答复了您的投诉，请看看是否满意。"),
    "complaint.late": N_("{bank}没有在 {due_on} 前答复您的投诉，已记入监管记录。"),
    "complaint.disputed": N_("企业对{bank}的投诉答复有异议，等待核实。"),
    "complaint.accepted": N_("企业对投诉答复表示满意，投诉已办结。"),
    "complaint.withdrawn": N_("企业撤回了投诉。"),
    "complaint.escalated": N_("对{bank}的一件投诉已上报监管部门。"),
    "complaint.closed": N_("对{bank}的投诉已核实办结，结论见投诉页。"),
}


class CategoryBody(BaseModel):
    """One thing to complain of: its code, what it is called, what it means, and the rule that forbids it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    code: Annotated[str, Field(pattern=r"^[a-z][a-z_]{2,40}$")]
    zh: Annotated[str, Field(min_length=2)]
    en: Annotated[str, Field(min_length=2)]
    hint_zh: str = ""
    hint_en: str = ""
    source: str = ""


class CategoriesBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    categories: Annotated[list[CategoryBody], Field(min_length=1)]


class HandlingBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    words_min: Annotated[int, Field(ge=1, le=200)]
    silent_days: Annotated[int, Field(ge=1, le=365)]


def read_categories(body: Mapping[str, Any]) -> Mapping[str, CategoryBody]:
    """By code, in the order in which they are shown. Raises pydantic's ValidationError on another shape."""
    read = CategoriesBody.model_validate(dict(body)).categories
    return {one.code: one for one in read}


def read_handling(body: Mapping[str, Any]) -> Handling:
    read = HandlingBody.model_validate(dict(body))
    return Handling(read.words_min, read.silent_days)
