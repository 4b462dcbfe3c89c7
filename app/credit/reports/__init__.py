"""Reports 信用信息查询: what is known about a subject, class by class, at an instant."""

from app.credit.reports.rules import Coverage, Report, ReportItem, Status
from app.credit.reports.service import assemble

__all__ = ["Coverage", "Report", "ReportItem", "Status", "assemble"]
