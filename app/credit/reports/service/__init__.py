"""Assembling reports, and how each figure of the catalogue is read off what is on record."""

from app.credit.reports.service.assemblies import assemble

__all__ = ["assemble"]
