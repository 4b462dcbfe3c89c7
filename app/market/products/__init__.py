"""Products: a head office's decision documents as tables that it edits, tries and puts in force by two people."""

from app.market.products.service import (
    MODEL_PUBLISH,
    discard_draft,
    draft_of,
    propose_model,
    save_draft,
    shelf_of,
    shelved,
)

__all__ = ["MODEL_PUBLISH", "discard_draft", "draft_of", "propose_model", "save_draft", "shelf_of", "shelved"]
