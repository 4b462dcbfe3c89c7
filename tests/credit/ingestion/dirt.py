"""Invented rows to dirty. Every code is of an organisation that begins with XY and passes both checks."""

from datetime import date

from app.credit.ingestion.rules import Accepted, Layout, ListFacts, Note, RegistryFacts, Verdict, check_registry
from app.credit.subjects import Gazetteer, kind_of
from app.kernel.codes import org_check, uscc_check

TODAY = date(2026, 3, 2)
REGISTRY = "企业名称,统一社会信用代码,注册日期,企业类型,注册资金,经营范围,所在省份,地区,注册地址"
LIST = "企业名称,工商注册号,组织机构代码,统一信用代码,失信领域"
SOLD = "企业代号,发票号码,开票日期,购方单位代号,金额,税额,价税合计,发票状态"
BOUGHT = SOLD.replace("购方", "销方")
MASKED = "企业代号,企业名称,信誉评级,是否违约"


def org_code(number: int) -> str:
    """The organisation code of an invented subject: XY, six digits, its check digit."""
    first = f"XY{number:06d}"
    return first + org_check(first)


def uscc(number: int, begins: str = "91", office: str = "500103") -> str:
    """The code of an invented subject."""
    first = begins + office + org_code(number)
    return first + uscc_check(first)


def values(verdict: Verdict) -> tuple[object, ...]:
    assert isinstance(verdict, Accepted), verdict
    return verdict.values


def notes(verdict: Verdict) -> set[Note]:
    assert isinstance(verdict, Accepted), verdict
    return set(verdict.notes)


def registry_facts(known: Gazetteer, as_of_on: date | None = None) -> RegistryFacts:
    return RegistryFacts(
        TODAY, kind_of, lambda text, not_before: known.place(text, as_of_on=as_of_on, not_before=not_before)
    )


JOINT = ListFacts(
    TODAY,
    {
        "失信被执行人名单": "失信被执行人",
        "失信被执行人": "失信被执行人",
        "工商吊销企业名单": "工商吊销企业",
        "经营异常名录": "经营异常名录",
    },
)
ONE_REASON = ListFacts(TODAY, {"拖欠农民工工资": "拖欠农民工工资", "拖欠农民工工资黑名单": "拖欠农民工工资"})

__all__ = ["JOINT", "Layout", "check_registry", "values"]
