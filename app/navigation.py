"""What each seat finds in its navigation bar; labels are Chinese source texts."""

from collections.abc import Mapping
from typing import Final

from app.web.pages import NavItem

NAVIGATION: Final[Mapping[str, tuple[NavItem, ...]]] = {}
