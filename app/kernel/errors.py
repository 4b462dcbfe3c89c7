"""The one exception for an expected refusal. Anything else that is raised is a bug."""

from app.kernel.problems import PROBLEMS, Problem


class Refusal(Exception):
    """Raised by a service when a rule says no; rendered as an RFC 9457 problem.

    `code` is a key of `app.kernel.problems.PROBLEMS`. `detail` is for the person who asked, so it carries no
    personal data, no SQL and no path. `extra` holds members for machines (strings, integers, lists of them).
    """

    keep = False  # True on an instance: what the unit of work has written is committed, and the answer is still no.

    def __init__(self, code: str, detail: str = "", **extra: object) -> None:
        assert code in PROBLEMS, f"unlisted problem {code}"
        super().__init__(detail or PROBLEMS[code].title_zh)
        self.code = code
        self.detail = detail or PROBLEMS[code].title_zh
        self.extra = extra

    @property
    def problem(self) -> Problem:
        return PROBLEMS[self.code]
