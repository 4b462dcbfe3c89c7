"""Public credit evaluation (公共信用综合评价): A to D by a dated formula, with every point explained."""

from app.credit.grading.rules import Grade, GradeLetter, Line, LineKind, judge_formula, parse_formula
from app.credit.grading.service import grade, landed_items

__all__ = ["Grade", "GradeLetter", "Line", "LineKind", "grade", "judge_formula", "landed_items", "parse_formula"]
