"""What faults, findings and differences are called on the head office's pages."""

from collections.abc import Mapping
from typing import Final

from app.market.products.rules import BadCell, Column, Fault, Finding, Flaw, Malformed, Said, Sheet, label, value_words
from app.web import formats, i18n
from app.web.i18n import N_, _

CELLS: Final[Mapping[BadCell, str]] = {
    BadCell.NO_NUMBER: N_("请填数字，例如 12、≥ 5、5 至 10；或留空表示任意。"),
    BadCell.NO_TEXT: N_("请填取值，例如 A、B，或“除 A、B 外”；只能用字母、数字、汉字和短横线。"),
    BadCell.NO_FLAG: N_("请选“是”“否”或留空。"),
    BadCell.EMPTY_SPAN: N_("这个范围里没有任何数：下限不能高于上限。"),
    BadCell.TOO_MANY: N_("一格最多列 12 个取值。"),
    BadCell.TOO_FINE: N_("小数位太多：金额最细到分，比例最细到百万分之一。"),
    BadCell.OUT_OF_RANGE: N_("数字超出可计算的范围。"),
    BadCell.NEGATIVE: N_("不能是负数。"),
    BadCell.NEEDED: N_("这一格必填。"),
    BadCell.UNKNOWN_CODE: N_("没有这个原因代码，请先在“不予测算的原因”里写明。"),
}
FORMULAS: Final[Mapping[Malformed, str]] = {
    Malformed.TOO_LONG: N_("公式过长。"),
    Malformed.TOO_DEEP: N_("公式嵌套过深。"),
    Malformed.SYMBOL: N_("含有不能用的符号：只能用整数、字段名、四则运算、比较、条件和 floor、ceil、min、max。"),
    Malformed.FUNCTION: N_("只能用 floor、ceil、min、max 四个函数。"),
    Malformed.FORM: N_("公式写法不完整，请检查括号和运算符。"),
    Malformed.FRACTION: N_("除法必须写在 floor(…) 或 ceil(…) 里面，结果才是整数。"),
    Malformed.NUMBER: N_("数字超出可计算的范围。"),
}
FLAWS: Final[Mapping[Flaw, str]] = {
    Flaw.TOO_LARGE: N_("内容过大或有空白的说明"),
    Flaw.KIND: N_("只能有表格和公式两种步骤，不能含程序"),
    Flaw.SETTING: N_("有不认识的设置"),
    Flaw.CHAIN: N_("各步骤须首尾相接成一条线"),
    Flaw.NAME: N_("名称不合规"),
    Flaw.UNKNOWN_FACT: N_("用到了不存在或还没有算出的字段"),
    Flaw.FORMULA: N_("公式不能用"),
    Flaw.CELL: N_("条件格不能用"),
    Flaw.OUTPUT: N_("结果格只能是一个值，不能是公式，也不能是负数"),
    Flaw.WHY: N_("没有写明的原因代码"),
    Flaw.MISSING: N_("缺少必须算出的结果"),
    Flaw.NUMBER: N_("这里须是数字"),
    Flaw.TOO_MANY: N_("数目过多或一个也没有"),
    Flaw.BOUNDS: N_("上下限不合规：须大于零，下限不高于上限，利率不超过 36 %"),
    Flaw.TWICE: N_("名称重复"),
}


def fault_words(fault: Fault) -> str:
    said = _(FLAWS[fault.flaw])
    why = f" {_(FORMULAS[fault.why])}" if fault.why else ""
    return f"{fault.where}: {said}{why}" if not fault.words else f"{fault.where} “{fault.words}”: {said}{why}"


def facts_words(finding: Finding, sheet: Sheet) -> str:
    """The facts on which something was found: `该银行评级 D，开票额 900 万元`."""
    language = i18n.language()
    told = []
    for name, value in finding.facts:
        column = sheet.columns.get(name) or Column(name, sheet.inputs[0].unit, (name, name))
        known = _("没有数据") if value is None else value_words(value, column.unit, language)
        words = _("其他值") if value == "…" else known
        told.append(f"{label(column, language)} {words}")
    return ("，" if language == "zh" else ", ").join(told)


def finding_words(finding: Finding, sheet: Sheet) -> str:
    """A finding as one sentence."""
    language = i18n.language()
    step = sheet.step(finding.step_id)
    where = step.words[language == "en"] if step else ""
    column = sheet.columns.get(finding.column)
    name = label(column, language) if column else finding.column
    slots = {
        "where": where, "row": finding.row, "facts": facts_words(finding, sheet), "name": name,
        "before": formats.money_text(finding.before, language), "after": formats.money_text(finding.after, language),
    }  # fmt: skip
    return _(_SAID[finding.said]).format(**slots)


_SAID: Final[Mapping[Said, str]] = {
    Said.BROKEN: N_("这样的企业算不出结果：{facts}。多半是某张表没有一行命中，或公式用到了没有的数。"),
    Said.OUT_OF_BOUNDS: N_("结果超出上下限（额度 {before}）：{facts}。"),
    Said.GAP: N_("“{where}”有漏：{facts} 时没有任何一行命中。可在最后加一行全部留空的兜底。"),
    Said.FALLS: N_("{name}翻倍到{facts}时，额度反而从 {before} 降到 {after}。"),
    Said.UNREACHED: N_("“{where}”第 {row} 行永远不会命中：它前面的行已经包括了它。"),
    Said.UNUSED: N_("{name}没有被任何一步用到。"),
    Said.TOO_WIDE: N_("“{where}”列数和取值太多，无法逐一检查是否有漏行。"),
    Said.FINE: N_("没有发现问题。"),
}
