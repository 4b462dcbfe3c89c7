"""The published list of problem types (RFC 9457). A refusal outside this list cannot be raised."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Problem:
    """One way of saying no: its HTTP status and its title in both languages."""

    status: int
    title_zh: str
    title_en: str


PROBLEMS: Final[Mapping[str, Problem]] = {
    # The request itself
    "malformed-body": Problem(400, "请求内容无法解析", "The request body cannot be parsed"),
    "malformed-field": Problem(400, "字段格式不正确", "A field is malformed"),
    "unknown-field": Problem(400, "含有未知或只读字段", "A field is unknown or read-only"),
    "duplicate-key": Problem(400, "同一字段重复出现", "The same key occurs twice"),
    "too-deep": Problem(400, "内容嵌套过深", "The body is nested too deeply"),
    "too-large": Problem(413, "内容过大", "The content is too large"),
    "bad-text": Problem(400, "文字含有不允许的字符", "The text has characters that are not allowed"),
    "bad-query": Problem(400, "查询条件不正确", "The query is not acceptable"),
    "bad-cursor": Problem(400, "翻页标记无效", "The cursor is not valid"),
    "bad-host": Problem(400, "主机名不正确", "The host is not known"),
    "bad-upload": Problem(400, "上传的文件无法使用", "The uploaded file cannot be used"),
    "unsupported-media": Problem(415, "不支持的内容类型", "The media type is not supported"),
    "method-not-allowed": Problem(405, "不支持该方法", "The method is not allowed"),
    "bad-time": Problem(422, "时间不正确", "The time is not acceptable"),
    "idempotency-key-missing": Problem(400, "缺少 Idempotency-Key", "The Idempotency-Key is missing"),
    "idempotency-key-invalid": Problem(400, "Idempotency-Key 不正确", "The Idempotency-Key is not valid"),
    "idempotency-key-reused": Problem(422, "该 Idempotency-Key 已用于其他内容", "The key was used for another body"),
    "idempotency-in-progress": Problem(409, "相同请求正在处理", "The same request is still in progress"),
    # Who asks
    "unauthenticated": Problem(401, "请先登录", "Please sign in"),
    "invalid-assertion": Problem(401, "客户端凭证无效", "The client assertion is not valid"),
    "invalid-token": Problem(401, "访问令牌无效", "The access token is not valid"),
    "login-failed": Problem(401, "账号或密码不正确", "The account or the password is wrong"),
    "forbidden": Problem(403, "没有权限", "Not permitted"),
    "csrf": Problem(403, "页面已失效，请刷新后重试", "The form has expired; reload and try again"),
    "four-eyes": Problem(403, "须由另一人复核", "A second person must approve"),
    "consent-missing": Problem(403, "没有有效授权", "There is no valid consent"),
    "consent-grantee": Problem(403, "授权对象不符", "The consent names somebody else"),
    "not-found": Problem(404, "未找到", "Not found"),
    "rate-limited": Problem(429, "操作过于频繁", "Too many requests"),
    # What the rules say
    "wrong-state": Problem(409, "当前状态不允许该操作", "The present state does not allow this"),
    "above-ceiling": Problem(409, "超过授权清单上限", "The amount is above the published ceiling"),
    "quota-exhausted": Problem(409, "额度池余额不足", "The pool has not enough money left"),
    "pool-frozen": Problem(423, "额度池已冻结", "The pool is frozen"),
    "pool-below-used": Problem(409, "额度不能低于已占用", "The pool cannot go below what is held and posted"),
    "reservation-ended": Problem(409, "该占用已结束", "The reservation has ended"),
    "amount-exceeds-hold": Problem(422, "金额超过占用额度", "The amount exceeds the hold"),
    "amount-out-of-range": Problem(422, "金额超出允许范围", "The amount is out of range"),
    "terms-out-of-range": Problem(422, "利率、期限或费用超出产品范围", "The terms are outside the product"),
    "reason-required": Problem(422, "拒单须说明原因", "A refusal needs a reason"),
    "reassign-refused": Problem(409, "不能转给该网点", "This branch cannot take the case over"),
    "reason-unknown": Problem(422, "拒单原因不在有效目录内", "The reason is not in the list in force"),
    "reason-empty": Problem(422, "拒单说明没有实质内容", "The text says nothing"),
    "reason-leaks": Problem(422, "拒单说明含有不得告知的内容", "The text tells what is not to be told"),
    "evidence-missing": Problem(422, "没有可核对的依据", "There is no evidence to check against"),
    "evidence-contradicts": Problem(422, "依据与所述原因不符", "The evidence does not bear out the reason"),
    "papers-refused": Problem(422, "补充材料要求不符合规定", "The request for papers is not acceptable"),
    "no-match": Problem(422, "没有可受理的银行", "No bank can take this"),
    "already-exists": Problem(409, "已存在", "It exists already"),
    "conflict": Problem(409, "与其他操作冲突，请重试", "It conflicts with another act; try again"),
    "file-refused": Problem(422, "文件未被接收", "The file is refused as a whole"),
    "webhook-url-refused": Problem(422, "回调地址不被允许", "The webhook address is not allowed"),
    "invalid-key": Problem(422, "密钥不符合要求", "The key is not acceptable"),
    "invalid-package": Problem(400, "数据包无效", "The package is not valid"),
    "calendar-unknown": Problem(422, "工作日历不可用", "The working calendar is not available"),
    "model-refused": Problem(422, "决策文件不符合要求", "The decision document is not acceptable"),
    "policy-missing": Problem(409, "当日没有有效规则", "No rule is in force on that day"),
    # Ourselves
    "overloaded": Problem(503, "系统繁忙，请稍后再试", "The system is busy; try again later"),
    "outcome-unknown": Problem(503, "结果未知，请用同一请求重试", "The outcome is unknown; repeat the same request"),
    "internal": Problem(500, "系统出错", "Something failed on our side"),
}
