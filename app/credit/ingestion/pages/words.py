"""Words that the pages of batches share."""

from collections.abc import Mapping
from typing import Final

from app.access.seats import SeatRole
from app.credit.ingestion.rules import Fault, FileKind
from app.web import i18n
from app.web.i18n import N_, _

PROVIDERS: Final = {"roles": (SeatRole.OPERATOR, SeatRole.DATA_OFFICER)}
URL: Final = "/ops/batches"
KINDS: Final[Mapping[FileKind, str]] = {
    FileKind.REGISTRY: N_("市场主体登记"),
    FileKind.OUTLETS: N_("银行网点"),
    FileKind.LIST: N_("名单"),
    FileKind.INVOICES: N_("发票"),
    FileKind.MASKED: N_("银行脱敏客户"),
}
OFFERED: Final = (FileKind.REGISTRY, FileKind.OUTLETS, FileKind.LIST, FileKind.INVOICES)
STATES: Final[Mapping[str, tuple[str, str]]] = {
    "offered": ("still", N_("待您决定，尚未生效")),
    "stored": ("still", N_("已收到，尚未生效")),
    "landed": ("good", N_("已生效")),
    "refused": ("bad", N_("整份退回，没有一行生效")),
    "discarded": ("still", N_("已放弃，没有一行生效")),
}
SEPARATORS: Final[Mapping[str, str]] = {
    ",": N_("逗号"), "\t": N_("制表符"), ";": N_("分号"), "": N_("工作簿，无分隔符"),
}  # fmt: skip
DIRECTIONS: Final[Mapping[str, str]] = {"input": N_("进项（企业买入）"), "output": N_("销项（企业卖出）")}
FATES: Final[Mapping[str, tuple[str, str]]] = {
    "accepted": ("good", N_("采用")),
    "normalised": ("good", N_("规范后采用")),
    "quarantined": ("warn", N_("隔离")),
}
# What a person does about a row that was put aside, by cause; whatever is not named here is mended at its source.
CURES: Final[Mapping[Fault, str]] = {
    Fault.CELL_COUNT: N_("检查该行是否多了或少了分隔符，改好后重报这一行。"),
    Fault.QUOTING: N_("检查该行的引号是否成对，改好后重报这一行。"),
    Fault.USCC_CHECK: N_("请对照营业执照核对代码；系统不会替您改。"),
    Fault.USCC_MALFORMED: N_("请对照营业执照核对代码，应为 18 位。"),
    Fault.USCC_MISSING: N_("补上统一社会信用代码后重报。"),
    Fault.LOST_DIGITS: N_("请把该列按文本格式重新导出后重报；丢失的末位无法从文件中找回。"),
    Fault.NAME_MASKED: N_("请报送未脱敏的登记名称。"),
    Fault.PERSON_IDENTIFIER: N_("不要报送公民身份号码；原值没有留存。"),
    Fault.REPEATED: N_("同一份文件里重复，前面的一行已采用；如后面的才对，请单独重报。"),
    Fault.FIRM_UNKNOWN: N_("先报送该企业，再重报这份文件。"),
    Fault.OUTSIDE_CITY: N_("不属本市，不用处理。"),
    Fault.DATE_IN_FUTURE: N_("核对日期，年份常有误写。"),
    Fault.SUM_MISMATCH: N_("核对金额、税额与价税合计。"),
}
CURE: Final = N_("请报送单位核对原始记录，改好后随下一份文件重报。")


def said(words: tuple[str, str]) -> str:
    """Of a Chinese and an English text the one in the visitor's language."""
    return words[1] if i18n.language() == "en" else words[0]


def cure(fault: Fault) -> str:
    return _(CURES.get(fault, CURE))


def left(seconds: int | None) -> str:
    """How long something will still take, roundly: nobody believes seconds of a guess."""
    if seconds is None:
        return ""
    if seconds < 10:
        return _("还需几秒")
    if seconds < 90:
        return _("约还需 {n} 秒").format(n=-(-seconds // 10) * 10)
    return _("约还需 {n} 分钟").format(n=-(-seconds // 60))
