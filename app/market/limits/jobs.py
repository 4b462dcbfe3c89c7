"""What this room does when others have news."""

from app.credit import ingestion
from app.credit.ingestion.events import MaskedFirmsLanded
from app.infra.db import Tx
from app.kernel.clock import shanghai_date
from app.market.limits import service

RATING = "bank_rating"  # The bank's own judgement, never the public grade.


async def keep_ratings(tx: Tx, event: MaskedFirmsLanded) -> None:
    """Keep what a bank said of its masked firms; a firm it did not rate stays unrated."""
    for customer in await ingestion.masked_inputs(tx, event.batch_id):
        if customer.bank_rating is not None:
            await service.record_input(
                tx, event.bank_id, customer.subject_id, RATING, customer.bank_rating,
                as_of_on=shanghai_date(event.at), source=f"batch:{event.batch_id}", by_id=None, now=event.at,
            )  # fmt: skip
