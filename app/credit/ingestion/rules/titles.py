"""The titles that columns go by, most usual first. Compared as `headers.plain_title` gives them: without blanks."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.credit.ingestion.rules.shapes import FileKind


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


def _column(name: str, titles: str, *, required: bool = False) -> Column:
    return Column(name, tuple(titles.split()), required)


_USCC_TITLES: Final = (
    "统一社会信用代码 统一信用代码 社会信用代码 统一代码 信用代码 统一社会信用代码号 uscc "
    "统一社会信用代码(纳税人识别号) 统一社会信用代码/注册号 统一社会信用代码(注册号) "
    "统一社会信用代码证号 社会统一信用代码 统一社会信用编码 统一社会信用代码/组织机构代码 "
    "统一社会信用代码(组织机构代码) 纳税人识别号(统一社会信用代码) "
    "unifiedsocialcreditcode creditcode socialcreditcode"
)
_NAME: Final = _column(
    "name",
    "企业名称 名称 单位名称 主体名称 市场主体名称 机构名称 企业(机构)名称 企业(单位)名称 失信主体名称 "
    "失信企业名称 当事人名称 当事人 纳税人名称 行政相对人名称 电子商务企业名称 公司名称 企业全称 "
    "企业 商户名称 用人单位名称 用人单位 经营者名称 法人名称 被执行人名称 被执行人姓名/名称 被执行人 "
    "失信被执行人名称 失信被执行人姓名/名称 法人或其他组织名称 案件当事人名称 companyname "
    "enterprisename company name",
    required=True,
)
_REGISTRY: Final = (
    _NAME,
    _column("uscc", _USCC_TITLES, required=True),
    _column(
        "registered_on",
        "注册日期 成立日期 注册时间 成立时间 登记日期 设立日期 核准设立日期 registrationdate registeredon "
        "dateofregistration "
        "establishmentdate",
        required=True,
    ),
    _column("entity_type", "企业类型 类型 主体类型 市场主体类型 企业(机构)类型 enterprisetype companytype entitytype"),
    _column(
        "capital", "注册资金 注册资本 注册资本(万元) 注册资金(万元) 注册资本(金) 注册资金(万) registeredcapital capital"
    ),
    _column("scope", "经营范围 经营(业务)范围 业务范围 businessscope scope"),
    _column("province", "所在省份 省份 所属省份 省 province"),
    _column(
        "place", "地区 所在地区 所属地区 区县 所在区县 所属区县 行政区划 所在城市 所在区 区域 district region area"
    ),
    _column("address", "注册地址 住所 地址 企业地址 经营场所 注册地 住所(经营场所) 登记住所 registeredaddress address"),
)
COLUMNS: Final[Mapping[FileKind, tuple[Column, ...]]] = {
    FileKind.REGISTRY: _REGISTRY,
    FileKind.OUTLETS: _REGISTRY,
    FileKind.LIST: (
        _NAME,
        _column(
            "reg_no",
            "工商注册号 注册号 营业执照注册号 工商登记码 营业执照号 工商注册号码 工商登记号 注册登记号 "
            "营业执照号码 registrationnumber registrationno",
        ),
        _column(
            "org_code",
            "组织机构代码 机构代码 组织机构代码证号 组织机构代码号 机构代码证号 组织机构代码证 organizationcode "
            "organisationcode orgcode",
        ),
        _column("uscc", f"{_USCC_TITLES} 纳税人识别号 纳税人识别码 身份证号码/组织机构代码 证件号码"),
        _column(
            "reasons",
            "失信领域 失信类型 名单类型 黑名单类型 列入领域 失信名单 涉及领域 失信行为类型 失信类别 严重失信类型 "
            "名单类别 列入名单 列入名单名称 reasons field",
        ),
        _column(
            "cause",
            "列入原因 列入事由 失信行为 违法事实 失信事实 失信行为情形 主要违法事实 失信情形 "
            "失信被执行人行为具体情形 列入理由 违法行为 cause",
        ),
        _column(
            "document",
            "文号 决定文书号 列入决定书文号 案号 执行依据文号 决定书文号 文书号 行政处罚决定书文号 documentno "
            "documentnumber",
        ),
        _column(
            "listed_on",
            "列入日期 列入时间 认定日期 公布日期 发布日期 发布时间 认定时间 公布时间 立案时间 listedon "
            "listingdate publicationdate",
        ),
        _column(
            "organ",
            "列入机关 认定机关 发布机关 作出决定机关 执行法院 认定部门 列入部门 认定单位 发布单位 作出机关 "
            "authority organ",
        ),
    ),
    FileKind.INVOICES: (
        _column("firm", f"企业代号 企业代码 {_USCC_TITLES} 纳税人识别号 税号 companycode firm company", required=True),
        _column("number", "发票号码 发票号 发票编号 invoicenumber invoiceno", required=True),
        _column("issued_on", "开票日期 开票时间 开具日期 开票日期时间 invoicedate issuedate", required=True),
        Column("party", (), required=True),
        _column(
            "amount", "金额 金额(元) 不含税金额 不含税金额(元) 合计金额 合计金额(元) amount netamount", required=True
        ),
        _column("tax", "税额 税额(元) 合计税额 合计税额(元) tax taxamount", required=True),
        _column("total", "价税合计 价税合计(元) 含税金额 含税金额(元) 价税合计金额 total totalamount", required=True),
        _column("status", "发票状态 状态 票据状态 status invoicestatus", required=True),
    ),
    FileKind.MASKED: (
        _column("customer_no", "企业代号 客户号 客户编号 企业代码 客户代码 companycode customerno", required=True),
        _column("name", "企业名称 客户名称 名称 companyname name", required=True),
        _column("rating", "信誉评级 信用评级 评级 信誉等级 信用等级 rating creditrating"),
        _column("defaulted", "是否违约 违约 是否有违约记录 default defaulted"),
    ),
}
PARTY: Final[Mapping[Direction, tuple[str, ...]]] = {
    Direction.INPUT: tuple(
        (
            "销方单位代号 销方代号 销售方代号 销方单位 销方名称 销售方名称 销方税号 销方识别号 销售方识别号 "
            "销方纳税人识别号 销售方纳税人识别号 销售方 销方 seller sellercode "
            "supplier"
        ).split()
    ),
    Direction.OUTPUT: tuple(
        (
            "购方单位代号 购方代号 购买方代号 购方单位 购方名称 购买方名称 购方税号 购方识别号 购买方识别号 "
            "购方纳税人识别号 购买方纳税人识别号 购买方 购方 buyer buyercode "
            "purchaser"
        ).split()
    ),
}
