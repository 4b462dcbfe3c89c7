"""Checking an export, line by line, with nothing but the export and what the reader already knew. Pure.

The first line that does not fit is named, and with it the first event that is no longer proven. What an export alone
cannot show, a tail cut off at a head and the whole written anew under another key, shows against heads that were known
before (`Known`) or against a key id that was.
"""

import re
from binascii import Error, hexlify, unhexlify
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Final

from app.access.audit.rules import heads, merkle
from app.access.audit.rules.entries import ERASED, NO_SALT, in_order
from app.access.audit.rules.heads import BEFORE_FIRST, SignedHead

FORMAT: Final = "xinyidai audit 1"
_NAMED: Final = re.compile(rb'"source":"(audit|event)","seq":([0-9]{1,19})[,}]')
_ERASURE: Final = f'"act":"{ERASED}",'.encode()
_PERSONAL: Final = b',"personal":'

WHAT: Final[Mapping[str, str]] = {
    "line": "a line that no export has",
    "format": "the file does not begin like an export of this log",
    "order": "another event stands here: one was deleted, inserted or moved",
    "missing": "the event is gone from the database",
    "changed": "the event is not the one that was sealed",
    "personal": "the personal part is not the one that was sealed",
    "forged": "event and leaf were both replaced: the sealed leaf is another",
    "batch": "one of these events, or their order, is not what the head signed",
    "count": "the head covers another number of events",
    "head": "not a head",
    "head-chain": "the head does not follow the one before it",
    "head-key": "the head names a key that is not the platform's",
    "head-signature": "the platform's signature does not hold",
    "fork": "another head of this number was published before",
    "witness": "the witness's signature does not hold",
    "uncovered": "events that no head covers",
    "stray": "an event of the database that was never sealed",
    "erased": "the personal part is gone, and no event says that it was erased",
    "end": "the last line counts other events than there are",
    "cut": "the export ends too early",
}


@dataclass(frozen=True, slots=True)
class Wrong:
    """The first fault. `number` is the first event of the log, counted from 0, that is not proven any more; `until`
    the last that the fault may be in, where it cannot be told closer; `source` and `seq` name its row."""

    what: str
    number: int
    until: int
    source: str | None = None
    seq: int | None = None
    head: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A head that was known before, with the leaves of its batch where they were kept too (32 bytes each)."""

    signed: SignedHead
    leaves: bytes | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`events` proven up to the last head, or up to what is wrong. `witnessed`: the last head with a co-signature."""

    events: int
    heads: int
    erased: int
    last: SignedHead | None
    witnessed: int | None
    wrong: Wrong | None


@dataclass(slots=True)
class Checking:
    """How far a check has come."""

    known: Mapping[int, Known]
    trusted: frozenset[str] | None
    keys: dict[str, bytes] = field(default_factory=dict)
    witnesses: dict[str, bytes] = field(default_factory=dict)
    size: int = 0
    peaks: list[bytes] = field(default_factory=list)
    last: SignedHead | None = None
    witnessed: int | None = None
    batch: tuple[int, int, bytes] = (0, 0, b"")  # From where on and to where the leaves are known, and these.
    erased: set[int] = field(default_factory=set)
    permitted: set[int] = field(default_factory=set)
    begun: bool = False
    ended: bool = False

    @property
    def covered(self) -> int:
        return self.last.head.size if self.last else 0

    @property
    def heads(self) -> int:
        return self.last.head.no + 1 if self.last else 0


def check(lines: Iterable[bytes], known: Sequence[Known] = (), trusted: frozenset[str] | None = None) -> Verdict:
    """Check an export. `trusted`: ids of the platform's keys, where they are known; otherwise the export's own."""
    state = start(known, trusted)
    for line in lines:
        wrong = step(state, line)
        if wrong is not None:
            return finish(state, wrong)
    return finish(state)


def start(known: Sequence[Known] = (), trusted: frozenset[str] | None = None) -> Checking:
    """Begin to check an export that comes line by line."""
    return Checking({one.signed.head.no: one for one in known}, trusted)


def step(state: Checking, line: bytes) -> Wrong | None:
    """Check the next line; after a fault no more is asked."""
    if line.startswith(b'{"leaf":"') and state.begun:
        return _leaf(state, line)
    return _other(state, line) if state.begun else _begin(state, line)


def finish(state: Checking, wrong: Wrong | None = None) -> Verdict:
    """The verdict, after the last line or a fault."""
    wrong = wrong or _finish(state)
    return Verdict(state.covered, state.heads, len(state.erased), state.last, state.witnessed, wrong)


def _begin(state: Checking, line: bytes) -> Wrong | None:
    """The first line gives the keys; each is named by its own thumbprint."""
    found = _object(line)
    if found is None or list(found) != ["format", "log", "keys", "witnesses"] or found["format"] != FORMAT:
        return Wrong("format", 0, 0)
    for name, kept in (("keys", state.keys), ("witnesses", state.witnesses)):
        given = found[name]
        if not isinstance(given, dict) or not all(isinstance(x, str) for x in given.values()):
            return Wrong("format", 0, 0)
        kept |= {kid: heads.decode(x) for kid, x in given.items()}
        if any(heads.thumbprint(x) != kid for kid, x in kept.items()):
            return Wrong("head-key", 0, 0)
    state.begun = True
    _look_ahead(state)
    return None


def _leaf(state: Checking, line: bytes) -> Wrong | None:
    """One event: its place, its plain part, its personal part, and the leaf as it was known outside."""
    number = state.size
    split = line.find(_PERSONAL, 236)
    if line[147:172] != b'","plain":{"commitment":"' or line[73:83] != b'","salt":"' or split < 0:
        return _at(state, "line", line)
    if not line.startswith(b'","no":%d,"source":"' % number, 236):
        return _order(state, line)
    plain, personal = line[157:split], line[split + 12 : -2]
    leaf = sha256(b"\x00" + plain).digest()
    if hexlify(leaf) != line[9:73]:
        return _at(state, "changed", line)
    if line[-2:] != b"}\n":
        return _at(state, "line", line)
    if personal == b"null" and line[83:147] == NO_SALT.encode():
        state.erased.add(number)
    elif not _opens(line[83:147], personal, line[172:236]):
        return _at(state, "personal", line)
    first, end, sealed = state.batch
    if number < end and sealed[(number - first) * 32 : (number - first + 1) * 32] != leaf:
        return _at(state, "forged", line)
    if _ERASURE in plain:
        _permit(state, personal)
    peaks, place = state.peaks, number
    while place & 1:
        leaf = sha256(b"\x01" + peaks.pop() + leaf).digest()
        place >>= 1
    peaks.append(leaf)
    state.size = number + 1
    return None


def _other(state: Checking, line: bytes) -> Wrong | None:
    """Every other kind of line is small JSON in the one form that we write."""
    found = _object(line)
    match next(iter(found or {}), None):
        case _ if state.ended:
            return _near(state, "line")
        case "head":
            return _head(state, heads.read_head(found))
        case "witness":
            return _witness(state, found)
        case "missing" | "stray" as what:
            part = found[what] if found else None
            if isinstance(part, dict):
                return _near(state, what, part.get("source"), part.get("seq"))
        case "end":
            return _end(state, found["end"] if found else None)
    return _near(state, "line")


def _head(state: Checking, signed: SignedHead | None) -> Wrong | None:
    """A head holds when it follows the one before, the platform signed it, and its tree is the one we built."""
    if signed is None:
        return _in_batch(state, "head")
    head, last = signed.head, state.last
    key = state.keys.get(head.kid)
    if key is None or (state.trusted is not None and head.kid not in state.trusted):
        return _in_batch(state, "head-key")
    if not heads.head_holds(signed, key):
        return _in_batch(state, "head-signature")
    before = (last.head.no, last.head.digest, last.head.log, last.head.at) if last else (-1, BEFORE_FIRST, head.log, "")
    if (head.no - 1, head.previous, head.log) != before[:3] or head.at < before[3]:
        return _in_batch(state, "head-chain")
    if head.no in state.known and state.known[head.no].signed != signed:
        return _in_batch(state, "fork")
    if head.size != state.size or head.size <= state.covered:
        # Those we saw may have been renumbered, unless their leaves were known.
        known = head.no in state.known and state.known[head.no].leaves is not None
        number = min(head.size, state.size) if known else state.covered
        return Wrong("count", number, max(number, head.size - 1, state.size - 1), head=head.no)
    if merkle.fold_peaks(state.peaks).hex() != head.root:
        return _in_batch(state, "batch")
    state.last = signed
    _look_ahead(state)
    return None


def _look_ahead(state: Checking) -> None:
    """The next head, if it was known before: the leaves that must come now."""
    known = state.known.get(state.heads)
    if known is not None and known.leaves is not None:
        state.batch = state.size, state.size + len(known.leaves) // 32, known.leaves


def _witness(state: Checking, found: Any) -> Wrong | None:
    """A co-signature stands behind the head that it is for, or behind a later one."""
    part, signature = found["witness"], found.get("signature")
    if not isinstance(part, dict) or not isinstance(signature, str) or state.last is None:
        return _near(state, "line")
    key = state.witnesses.get(str(part.get("kid")))
    if part.get("no") != state.last.head.no or key is None or not heads.witness_holds(state.last.head, key, signature):
        return Wrong("witness", state.covered, state.covered, head=state.last.head.no)
    state.witnessed = state.last.head.no
    return None


def _end(state: Checking, part: Any) -> Wrong | None:
    if state.size > state.covered:
        return Wrong("uncovered", state.covered, state.size - 1)
    if part != {"events": state.size, "heads": state.heads}:
        return _near(state, "end")
    state.ended = True
    return None


def _finish(state: Checking) -> Wrong | None:
    """Nothing may be missing at the end, and nothing erased without an event that says so."""
    if not state.begun:
        return Wrong("format", 0, 0)
    if not state.ended:
        return _near(state, "cut")
    later = max((no for no in state.known), default=-1)
    if later >= state.heads:
        return Wrong("cut", state.size, state.known[later].signed.head.size - 1, head=later)
    if unsaid := state.erased - state.permitted:
        return Wrong("erased", min(unsaid), min(unsaid))
    return None


def _permit(state: Checking, personal: bytes) -> None:
    """The numbers that an erasure names; it came after them."""
    found = heads.read_json(personal)
    said = found.get("detail", {}).get("numbers", "") if isinstance(found, dict) else ""
    state.permitted |= {int(one) for one in str(said).split(",") if one.isdigit() and int(one) <= state.size}


def _at(state: Checking, what: str, line: bytes) -> Wrong:
    """A fault in this line; its row is named where the line still says it."""
    named = _NAMED.search(line)
    source, seq = (named[1].decode(), int(named[2])) if named else (None, None)
    return Wrong(what, state.size, state.size, source, seq)


def _order(state: Checking, line: bytes) -> Wrong:
    """Another number than expected. Of two with one number, either may be the one that never was."""
    fault = _at(state, "order", line)
    twice = state.size - 1 >= state.covered and line.startswith(b'","no":%d,"source":"' % (state.size - 1), 236)
    return replace(fault, number=state.size - 1) if twice else fault


def _near(state: Checking, what: str, source: Any = None, seq: Any = None) -> Wrong:
    return Wrong(
        what, state.size, state.size,
        source if isinstance(source, str) else None, seq if isinstance(seq, int) else None,
    )  # fmt: skip


def _in_batch(state: Checking, what: str) -> Wrong:
    """A fault in the head that comes next: what it covers is not proven."""
    return Wrong(what, state.covered, max(state.covered, state.size - 1), head=state.heads)


def _opens(salt: bytes, personal: bytes, commitment: bytes) -> bool:
    """Whether a salt opens a commitment, both in hexadecimal; capitals would be another text of the same salt."""
    try:
        raw = unhexlify(salt)
    except Error:
        return False
    return hexlify(sha256(raw + personal).digest()) == commitment and salt == salt.lower()


def _object(line: bytes) -> dict[str, Any] | None:
    found = heads.read_json(line)
    if isinstance(found, dict) and in_order(found).encode() + b"\n" == line:
        return found
    return None
