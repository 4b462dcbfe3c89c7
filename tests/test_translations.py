"""Chinese is the source of every text; English stands beside it, whole."""

import re
from pathlib import Path
from typing import Final

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from tests.support import REPOSITORY

ENGLISH = REPOSITORY / "app" / "locales" / "en" / "LC_MESSAGES" / "messages.po"
KEYWORDS: Final = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
METHODS: Final = (("app", "python"), ("templates", "jinja2.ext:babel_extract"))
SLOT: Final = re.compile(r"%\((\w+)\)[sd]|\{(\w*)\}")
CHINESE: Final = re.compile(r"[\u3400-\u9fff]")


def texts(root: Path = REPOSITORY) -> dict[str, str]:
    """Every marked text with the place where it stands first."""
    found: dict[str, str] = {}
    for folder, method in METHODS:
        pattern = "**.py" if folder == "app" else "**.html"
        options = {pattern: {"trimmed": "true", "silent": "false"}} if folder == "templates" else {}
        rows = extract_from_dir(root / folder, method_map=[(pattern, method)], options_map=options, keywords=KEYWORDS)
        for name, line, message, _, _ in rows:
            for text in (message,) if isinstance(message, str) else message:
                if text:
                    found.setdefault(text, f"{folder}/{name}:{line}")
    return found


def english() -> dict[str, str]:
    """Text to translation; both forms of a plural stand under their own source."""
    found: dict[str, str] = {}
    with ENGLISH.open("rb") as file:
        for entry in read_po(file, locale="en"):
            if isinstance(entry.id, str):
                found[entry.id] = str(entry.string)
            else:
                found |= dict.fromkeys(entry.id, "" if not all(entry.string) else entry.string[-1])
    return found


def test_every_text_has_an_english_line():
    """A page half in Chinese tells its English reader that nobody cared."""
    translated = english()

    missing = sorted(f"{place}: {text}" for text, place in texts().items() if not translated.get(text))

    assert not missing, "\n".join(missing)


def test_an_english_line_keeps_the_slots_of_its_text():
    """A lost slot is a lost figure, and one too many is a page that fails."""
    slots = {text: sorted(filter(None, sum(SLOT.findall(text), ()))) for text in english()}

    wrong = [t for t, s in english().items() if t and sorted(filter(None, sum(SLOT.findall(s), ()))) != slots[t]]

    assert wrong == []


def test_an_english_line_is_english():
    """A source pasted into its own translation would pass for one."""
    pasted = [text for text, translation in english().items() if text and CHINESE.search(translation)]

    assert pasted == []
