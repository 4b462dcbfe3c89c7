"""Recommendations 推荐清单: firms that an operator or the regulator recommends to banks, by five criteria."""

from app.market.recommendations.rules import CRITERIA, Fault, Recommendation, read_list
from app.market.recommendations.service import import_list, live_of, newest

__all__ = ["CRITERIA", "Fault", "Recommendation", "import_list", "live_of", "newest", "read_list"]
