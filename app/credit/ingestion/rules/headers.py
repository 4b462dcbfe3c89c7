"""The header of a file: columns are known by their titles with blanks removed, never by their place.

A title that no kind knows is an extra column, named in the receipt. A title that carries another unit, 金额（万元）
where 元 is expected, is not known either, so that such a file is refused rather than read ten thousand times too small.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.credit.ingestion.rules.shapes import Broken, FileKind, Refused
from app.kernel.text import half_width

HEADER_ROWS_MAX: Final = 20  # Official lists put a title, a number and a date above the header.


class Direction(StrEnum):
    """Which way an invoice goes, seen from the firm."""

    INPUT = "input"  # 进项: the firm bought.
    OUTPUT = "output"  # 销项: the firm sold.


@dataclass(frozen=True, slots=True)
class Column:
    """One value that a kind of file gives, with the titles it goes by, most usual first."""

    name: str
    titles: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the columns of one file stand. `places` follow the kind's columns; -1 for one that is not there."""

    places: tuple[int, ...]
    titles: tuple[str, ...]  # As this file writes them; the usual title for one that is not there.
    names: tuple[str, ...]
    width: int
    extra: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    direction: Direction | None = None


_NAME: Final = Column(
    "name",
    ("企业名称", "名称", "单位名称", "主体名称", "市场主体名称", "机构名称", "企业(机构)名称", "企业(单位)名称",
     "失信主体名称", "失信企业名称", "当事人名称", "当事人", "纳税人名称", "行政相对人名称", "电子商务企业名称"),
    required=True,
)  # fmt: skip
_USCC_TITLES: Final = (
    "统一社会信用代码", "统一信用代码", "社会信用代码", "统一代码", "信用代码", "统一社会信用代码号", "uscc",
    "统一社会信用代码(纳税人识别号)", "统一社会信用代码/注册号", "统一社会信用代码(注册号)",
)  # fmt: skip
_REGISTRY: Final = (
    _NAME,
    Column("uscc", _USCC_TITLES, required=True),
    Column("registered_on", ("注册日期", "成立日期", "注册时间", "成立时间", "登记日期"), required=True),
    Column("entity_type", ("企业类型", "类型", "主体类型", "市场主体类型", "企业(机构)类型")),
    Column("capital", ("注册资金", "注册资本", "注册资本(万元)", "注册资金(万元)", "注册资本(金)")),
    Column("scope", ("经营范围", "经营(业务)范围", "业务范围")),
    Column("province", ("所在省份", "省份", "所属省份", "省")),
    Column("place", ("地区", "所在地区", "所属地区", "区县", "所在区县", "所属区县", "行政区划", "所在城市")),
    Column("address", ("注册地址", "住所", "地址", "企业地址", "经营场所", "注册地", "住所(经营场所)")),
)
COLUMNS: Final[Mapping[FileKind, tuple[Column, ...]]] = {
    FileKind.REGISTRY: _REGISTRY,
    FileKind.OUTLETS: _REGISTRY,
    FileKind.LIST: (
        _NAME,
        Column("reg_no", ("工商注册号", "注册号", "营业执照注册号", "工商登记码", "营业执照号", "工商注册号码")),
        Column("org_code", ("组织机构代码", "机构代码", "组织机构代码证号", "组织机构代码号", "机构代码证号")),
        Column("uscc", _USCC_TITLES),
        Column("reasons", ("失信领域", "失信类型", "名单类型", "黑名单类型", "列入领域", "失信名单", "涉及领域")),
        Column("cause", ("列入原因", "列入事由", "失信行为", "违法事实", "失信事实", "失信行为情形", "主要违法事实")),
        Column("document", ("文号", "决定文书号", "列入决定书文号", "案号", "执行依据文号", "决定书文号", "文书号")),
        Column("listed_on", ("列入日期", "列入时间", "认定日期", "公布日期", "发布日期", "发布时间")),
        Column("organ", ("列入机关", "认定机关", "发布机关", "作出决定机关", "执行法院", "认定部门", "列入部门")),
    ),
    FileKind.INVOICES: (
        Column("firm", ("企业代号", "企业代码", *_USCC_TITLES, "纳税人识别号", "税号"), required=True),
        Column("number", ("发票号码", "发票号", "发票编号"), required=True),
        Column("issued_on", ("开票日期", "开票时间", "开具日期"), required=True),
        Column("party", (), required=True),
        Column("amount", ("金额", "金额(元)", "不含税金额", "不含税金额(元)"), required=True),
        Column("tax", ("税额", "税额(元)"), required=True),
        Column("total", ("价税合计", "价税合计(元)", "含税金额", "含税金额(元)"), required=True),
        Column("status", ("发票状态", "状态"), required=True),
    ),
    FileKind.MASKED: (
        Column("customer_no", ("企业代号", "客户号", "客户编号", "企业代码"), required=True),
        Column("name", ("企业名称", "客户名称", "名称"), required=True),
        Column("rating", ("信誉评级", "信用评级", "评级")),
        Column("defaulted", ("是否违约", "违约", "是否有违约记录")),
    ),
}
_PARTY: Final[Mapping[Direction, tuple[str, ...]]] = {
    Direction.INPUT: ("销方单位代号", "销方代号", "销售方代号", "销方单位", "销方名称", "销售方名称", "销方税号"),
    Direction.OUTPUT: ("购方单位代号", "购方代号", "购买方代号", "购方单位", "购方名称", "购买方名称", "购方税号"),
}
_NUMBERING: Final = frozenset({"", "序号", "编号", "备注", "行号"})


def squash(title: object) -> str:
    """A title as it is compared: half width, no blanks, no order mark, no star of a compulsory field.

    >>> squash("\\ufeff 企 业\\n名称 "), squash("统一社会信用代码*"), squash("企业（机构）名称")
    ('企业名称', '统一社会信用代码', '企业(机构)名称')
    """
    return half_width(str(title)).replace(" ", "").strip("*:'\"").lower()


def read_header(kind: FileKind, cells: Sequence[object], *, reason_needed: bool = False) -> Layout | Refused:
    """Where the columns stand, or why this row is no header of that kind.

    `reason_needed`: the list has several reasons, so that a file without that column says nothing.

    >>> layout = read_header(FileKind.MASKED, ["企业代号", "企业名称", "信誉评级", "是否违约", "备注", "电话"])
    >>> (layout.places, layout.extra) if isinstance(layout, Layout) else None
    ((0, 1, 2, 3), ('电话',))
    """
    seen = [squash(cell) for cell in cells]
    columns = COLUMNS[kind]
    direction: Direction | None = None
    if kind is FileKind.INVOICES:
        named = [d for d, titles in _PARTY.items() if any(title in seen for title in titles)]
        if len(named) != 1:
            return Refused(Broken.DIRECTION_UNCLEAR if named else Broken.WRONG_HEADER, "销方/购方单位代号")
        direction = named[0]
        columns = tuple(Column("party", _PARTY[direction], True) if c.name == "party" else c for c in columns)
    places: list[int] = []
    for column in columns:
        found = [place for place, title in enumerate(seen) if title in column.titles]
        if len(found) > 1:
            found = _most_usual(column, seen, found)
        if len(found) > 1:
            return Refused(Broken.HEADER_REPEATED, str(cells[found[0]]))
        places.append(found[0] if found else -1)
    missing = _missing(kind, columns, places, reason_needed)
    if missing:
        return Refused(Broken.WRONG_HEADER, "、".join(missing))
    taken = set(places)
    return Layout(
        places=tuple(places),
        titles=tuple(
            str(cells[place]).strip() if place >= 0 else column.titles[0]
            for column, place in zip(columns, places, strict=True)
        ),
        names=tuple(column.name for column in columns),
        width=len(cells),
        extra=tuple(
            str(cells[place]).strip()
            for place, title in enumerate(seen)
            if place not in taken and title not in _NUMBERING
        ),
        absent=tuple(column.titles[0] for column, place in zip(columns, places, strict=True) if place < 0),
        direction=direction,
    )


def _most_usual(column: Column, seen: Sequence[str], found: list[int]) -> list[int]:
    """Of several titles of one column (名称 beside 企业名称) the more usual one is meant; equal ones stay several."""
    best = min(column.titles.index(seen[place]) for place in found)
    return [place for place in found if column.titles.index(seen[place]) == best]


def _missing(kind: FileKind, columns: Sequence[Column], places: Sequence[int], reason_needed: bool) -> list[str]:
    there = {column.name for column, place in zip(columns, places, strict=True) if place >= 0}
    missing = [column.titles[0] for column in columns if column.required and column.name not in there]
    if kind is FileKind.LIST:
        if not there & {"uscc", "org_code", "reg_no"}:
            missing.append("统一社会信用代码")
        if reason_needed and "reasons" not in there:
            missing.append("失信领域")
    return missing
