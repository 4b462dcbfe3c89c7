"""What the worker does beside firing the clocks of cases."""

from app.office.clocks.service.ladders import tell_due as tell_rungs

__all__ = ["tell_rungs"]
