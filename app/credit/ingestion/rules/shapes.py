"""The words of a receipt: what became of a row, why, and why a file is refused whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class FileKind(StrEnum):
    """What a file holds. Its header is read by this kind's titles."""

    REGISTRY = "registry"
    OUTLETS = "outlets"  # Bank outlets: subjects that the marketplace turns into branches.
    LIST = "list"
    INVOICES = "invoices"
    MASKED = "masked"  # One bank's firms under its own customer numbers, with its own ratings.


class Fault(StrEnum):
    """Why a row is quarantined. The row is kept as it came, for a person; nothing of it comes into force."""

    CELL_COUNT = "cell_count"
    QUOTING = "quoting"
    BAD_TEXT = "bad_text"
    NAME_MISSING = "name_missing"
    NAME_MASKED = "name_masked"
    NAME_TOO_LONG = "name_too_long"
    USCC_MISSING = "uscc_missing"
    USCC_MALFORMED = "uscc_malformed"
    USCC_CHECK = "uscc_check"
    ORG_CODE_MALFORMED = "org_code_malformed"
    ORG_CODE_CHECK = "org_code_check"
    LOST_DIGITS = "lost_digits"
    CODES_DISAGREE = "codes_disagree"
    IDENTIFIER_MISSING = "identifier_missing"
    PERSON_IDENTIFIER = "person_identifier"
    KIND_UNKNOWN = "kind_unknown"
    DATE_UNREAD = "date_unread"
    DATE_IN_FUTURE = "date_in_future"
    DATE_TOO_EARLY = "date_too_early"
    CAPITAL_UNREAD = "capital_unread"
    PLACE_UNKNOWN = "place_unknown"
    OUTSIDE_CITY = "outside_city"
    REPEATED = "repeated"
    REASON_MISSING = "reason_missing"
    REASON_UNKNOWN = "reason_unknown"
    FIRM_MISSING = "firm_missing"
    FIRM_UNKNOWN = "firm_unknown"
    NUMBER_MALFORMED = "number_malformed"
    PARTY_MISSING = "party_missing"
    AMOUNT_UNREAD = "amount_unread"
    TAX_UNREAD = "tax_unread"
    TOTAL_UNREAD = "total_unread"
    SUM_MISMATCH = "sum_mismatch"
    SIGN_MISMATCH = "sign_mismatch"
    STATUS_UNKNOWN = "status_unknown"
    STATUS_CONFLICT = "status_conflict"
    RATING_UNKNOWN = "rating_unknown"
    DEFAULT_UNKNOWN = "default_unknown"


FAULT_WORDS: Final[Mapping[Fault, tuple[str, str]]] = {
    Fault.CELL_COUNT: ("列数与表头不符", "the row has another number of cells than the header"),
    Fault.QUOTING: ("引号不配对", "the quotes do not match"),
    Fault.BAD_TEXT: ("含有不允许的字符", "the text has characters that are not allowed"),
    Fault.NAME_MISSING: ("缺少名称", "there is no name"),
    Fault.NAME_TOO_LONG: ("名称过长，像是别的内容", "the name is too long and looks like something else"),
    Fault.NAME_MASKED: ("名称已被脱敏，不能作为登记名称", "the name is masked and cannot stand as registered"),
    Fault.USCC_MISSING: ("缺少统一社会信用代码", "there is no unified social credit code"),
    Fault.USCC_MALFORMED: ("统一社会信用代码格式不正确", "the unified social credit code is malformed"),
    Fault.USCC_CHECK: ("统一社会信用代码校验不通过，请人工核对", "the code fails its check; a person must look"),
    Fault.ORG_CODE_MALFORMED: ("组织机构代码格式不正确", "the organisation code is malformed"),
    Fault.ORG_CODE_CHECK: ("组织机构代码校验不通过，请人工核对", "the organisation code fails its check"),
    Fault.LOST_DIGITS: (
        "号码被表格软件改成科学计数法，末位已丢失，请按文本格式重新导出",
        "a spreadsheet turned the number into powers of ten and lost its end; export it as text",
    ),
    Fault.CODES_DISAGREE: ("同一行的代码互相矛盾", "the codes of the row disagree"),
    Fault.IDENTIFIER_MISSING: ("没有可用于识别主体的代码", "nothing identifies the subject"),
    Fault.PERSON_IDENTIFIER: ("疑似公民身份号码，不予留存", "it looks like a citizen id and is not kept"),
    Fault.KIND_UNKNOWN: ("代码所示主体类别未知", "the code names no known kind of subject"),
    Fault.DATE_UNREAD: ("日期无法识别", "the date cannot be read"),
    Fault.DATE_IN_FUTURE: ("日期晚于今天", "the date lies in the future"),
    Fault.DATE_TOO_EARLY: ("日期过早", "the date lies too far back"),
    Fault.CAPITAL_UNREAD: ("注册资金写法无法识别", "the capital is written in an unknown way"),
    Fault.PLACE_UNKNOWN: ("地区无法识别", "the place is unknown"),
    Fault.OUTSIDE_CITY: ("不在本市", "the place is outside the city"),
    Fault.REPEATED: ("与本文件前面的行重复", "it repeats an earlier row of the file"),
    Fault.REASON_MISSING: ("缺少列入领域", "there is no reason for the listing"),
    Fault.REASON_UNKNOWN: ("列入领域未知", "the reason for the listing is unknown"),
    Fault.FIRM_MISSING: ("缺少企业代号", "the firm is not named"),
    Fault.FIRM_UNKNOWN: ("企业代号没有对应的主体", "no subject stands behind the firm's number"),
    Fault.NUMBER_MALFORMED: ("发票号码不正确", "the invoice number is malformed"),
    Fault.PARTY_MISSING: ("缺少对方单位", "the other party is not named"),
    Fault.AMOUNT_UNREAD: ("金额无法识别", "the amount cannot be read"),
    Fault.TAX_UNREAD: ("税额无法识别", "the tax cannot be read"),
    Fault.TOTAL_UNREAD: ("价税合计无法识别", "the total cannot be read"),
    Fault.SUM_MISMATCH: ("金额与税额之和不等于价税合计", "amount and tax do not make the total"),
    Fault.SIGN_MISMATCH: ("金额与税额正负相反", "amount and tax have opposite signs"),
    Fault.STATUS_UNKNOWN: ("发票状态未知", "the status is unknown"),
    Fault.STATUS_CONFLICT: ("同一张发票的状态互相矛盾", "the same invoice stands with two statuses"),
    Fault.RATING_UNKNOWN: ("信誉评级未知", "the rating is unknown"),
    Fault.DEFAULT_UNKNOWN: ("是否违约无法识别", "whether it defaulted cannot be read"),
}


class Note(StrEnum):
    """What was normalised in an accepted row; the original is kept beside the value."""

    CODE_LOWER_CASE = "code_lower_case"
    CODE_FULL_WIDTH = "code_full_width"
    CODE_BLANKS = "code_blanks"
    CODE_HYPHEN = "code_hyphen"
    CELL_AS_TEXT = "cell_as_text"
    NUMBER_AS_FIGURE = "number_as_figure"
    CODE_PLACEHOLDER = "code_placeholder"
    CODE_MOVED = "code_moved"
    NO_USCC = "no_uscc"
    NO_CODE = "no_code"
    REG_NO_UNUSUAL = "reg_no_unusual"
    NAME_SPELLING = "name_spelling"
    DATE_NOT_STATED = "date_not_stated"
    CAPITAL_NOT_STATED = "capital_not_stated"
    CAPITAL_UNIT_ASSUMED = "capital_unit_assumed"
    CAPITAL_FOREIGN = "capital_foreign"
    SCOPE_CUT = "scope_cut"
    PLACE_NOT_A_DIVISION = "place_not_a_division"
    PLACE_ABOLISHED = "place_abolished"
    PLACE_NOT_STATED = "place_not_stated"
    REASON_OF_KIND = "reason_of_kind"
    STATUS_BLANKS = "status_blanks"
    SUM_SPELLING = "sum_spelling"
    RETURN = "return"
    RATING_NOT_SUPPLIED = "rating_not_supplied"


NOTE_WORDS: Final[Mapping[Note, tuple[str, str]]] = {
    Note.CODE_LOWER_CASE: ("代码小写改为大写", "a code in lower case"),
    Note.CODE_FULL_WIDTH: ("代码全角改为半角", "a code in full width"),
    Note.CODE_BLANKS: ("代码中的空白已去除", "blanks inside a code"),
    Note.CODE_HYPHEN: ("代码中的连字符已去除", "a hyphen inside a code"),
    Note.CELL_AS_TEXT: ("单元格的文本标记（单引号或等号）已去除", "a spreadsheet's mark of text in front of a value"),
    Note.NUMBER_AS_FIGURE: ("号码末尾的“.0”已去除", "a number written as a figure with .0"),
    Note.CODE_PLACEHOLDER: ("占位代码按空白处理", "a placeholder instead of a code"),
    Note.CODE_MOVED: ("代码填在了别的列", "a code in the wrong column"),
    Note.NO_USCC: ("无统一社会信用代码，按组织机构代码匹配", "no USCC: matched by the organisation code"),
    Note.NO_CODE: ("只有注册号，等待匹配", "only a registration number: it waits for its subject"),
    Note.REG_NO_UNUSUAL: ("注册号不是13或15位，原样保留", "a registration number of unusual shape, kept"),
    Note.NAME_SPELLING: ("名称含多余空白、全角字母或句点", "blanks, full-width letters or a stop in the name"),
    Note.DATE_NOT_STATED: ("未载明日期", "no date stated"),
    Note.CAPITAL_NOT_STATED: ("未载明注册资金", "no capital stated"),
    Note.CAPITAL_UNIT_ASSUMED: ("注册资金未写单位，按万元读", "no unit of the capital: read as 万元"),
    Note.CAPITAL_FOREIGN: ("注册资金为外币", "capital in a foreign currency"),
    Note.SCOPE_CUT: ("经营范围在1024字处被截断", "the scope is cut at 1,024 characters"),
    Note.PLACE_NOT_A_DIVISION: ("地区不是行政区划，原样保留", "the place is no division: kept as written"),
    Note.PLACE_ABOLISHED: ("地区已撤销", "the division is abolished"),
    Note.PLACE_NOT_STATED: ("未载明地区", "no place stated"),
    Note.REASON_OF_KIND: ("按名单类别取列入领域", "the reason is that of the list"),
    Note.STATUS_BLANKS: ("状态前后空白已去除", "blanks around the status"),
    Note.SUM_SPELLING: ("金额写法已归一", "a sum in another spelling"),
    Note.RETURN: ("负数发票按退货计", "a negative sum, read as a return"),
    Note.RATING_NOT_SUPPLIED: ("银行未给出评级", "the bank supplied no rating"),
}


class Broken(StrEnum):
    """Why a file is refused whole. Not a row of it is kept."""

    TOO_LARGE = "too_large"
    EMPTY = "empty"
    UNDECODABLE = "undecodable"
    BAD_ARCHIVE = "bad_archive"
    BOMB = "bomb"
    NOT_A_TABLE = "not_a_table"
    NOT_A_WORKBOOK = "not_a_workbook"
    OLD_WORKBOOK = "old_workbook"
    WRONG_HEADER = "wrong_header"
    DIRECTION_UNCLEAR = "direction_unclear"
    HEADER_REPEATED = "header_repeated"
    BROKEN_QUOTES = "broken_quotes"
    LONG_CELL = "long_cell"
    NOT_STORABLE = "not_storable"
    NO_ROWS = "no_rows"
    NO_FIRM_KNOWN = "no_firm_known"


BROKEN_WORDS: Final[Mapping[Broken, tuple[str, str]]] = {
    Broken.TOO_LARGE: ("文件过大", "the file is too large"),
    Broken.EMPTY: ("文件是空的", "the file is empty"),
    Broken.UNDECODABLE: ("文字编码无法识别（接受 UTF-8、GBK）", "the text is neither UTF-8 nor GBK"),
    Broken.BAD_ARCHIVE: ("压缩文件已损坏", "the archive is damaged"),
    Broken.BOMB: ("解压后过大", "it unpacks to too much"),
    Broken.NOT_A_TABLE: (
        "这是网页、PDF、图片或程序，不是表格；请另存为 csv 或 xlsx",
        "it is a web page, a PDF, a picture or a program; save the table as csv or xlsx",
    ),
    Broken.NOT_A_WORKBOOK: ("不是有效的 xlsx 文件", "it is no xlsx workbook"),
    Broken.OLD_WORKBOOK: ("请另存为 xlsx 后再上传", "it is an old workbook; save it as xlsx"),
    Broken.WRONG_HEADER: ("表头缺少必要的列", "the header lacks columns that are needed"),
    Broken.DIRECTION_UNCLEAR: ("表头应只含销方或购方其中之一", "the header must name either the seller or the buyer"),
    Broken.HEADER_REPEATED: ("表头中同一列出现两次", "the header has the same column twice"),
    Broken.BROKEN_QUOTES: ("引号不配对，无法分清行", "unmatched quotes: rows cannot be told apart"),
    Broken.LONG_CELL: ("有单元格过长", "a cell is too long"),
    Broken.NOT_STORABLE: (
        "含有无法保存的内容，请联系运营人员",
        "it holds something that cannot be stored; ask the operator",
    ),
    Broken.NO_FIRM_KNOWN: (
        "文件中的企业一家也未登记，请先导入企业",
        "it knows no firm of ours; bring in its firms first",
    ),
    Broken.NO_ROWS: ("表头之下没有数据行", "there are no rows under the header"),
}


@dataclass(frozen=True, slots=True)
class Accepted:
    """A row that holds, as the values its landing takes, in the order of that kind's staging columns."""

    values: tuple[object, ...]
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row for a person. `original` is what stood in `column`; `suggestion` is never applied by the machine."""

    code: Fault
    column: str
    original: str
    suggestion: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that is refused whole; `where` says what is missing or which line, in words for a person."""

    why: Broken
    where: str = ""


Verdict = Accepted | Quarantined
