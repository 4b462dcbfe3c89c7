"""Ways to falsify an export, from a clumsy edit to one by somebody who has the platform's key. Each gives the lines and
the number of the first event that is no longer what it was."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.access.audit.rules import heads, merkle
from app.access.audit.rules.entries import canonical, in_order
from app.access.audit.rules.heads import Head, SignedHead, read_head, thumbprint

STRANGER = Ed25519PrivateKey.from_private_bytes(b"a stranger's key, 32 bytes long.")
PLAIN = "commitment no source seq xid recorded_at at act org_id case_id request_id".split()


@dataclass(frozen=True, slots=True)
class Export:
    """A good export, taken apart: `events[n]` is the line of event n, `sizes` what each head covers up to."""

    lines: tuple[bytes, ...]
    platform: Ed25519PrivateKey

    @property
    def events(self) -> list[bytes]:
        return [line for line in self.lines if line.startswith(b'{"leaf"')]

    @property
    def heads(self) -> list[SignedHead]:
        found = [read_head(json.loads(line)) for line in self.lines if line.startswith(b'{"head"')]
        return [one for one in found if one is not None]

    def batch_of(self, number: int) -> int:
        return next(no for no, one in enumerate(self.heads) if number < one.head.size)

    def first_of(self, no: int) -> int:
        return self.heads[no - 1].head.size if no else 0

    def place(self, number: int) -> int:
        return self.lines.index(self.events[number])

    def place_of_head(self, no: int) -> int:
        return [at for at, line in enumerate(self.lines) if line.startswith(b'{"head"')][no]


@dataclass(frozen=True, slots=True)
class Tampered:
    lines: Sequence[bytes]
    number: int
    exact: bool = True  # False: an export alone can tell the batch; with the file of heads the event itself.
    alone: bool = True  # False: shows only against heads or keys that were known before.


Tamper = Callable[[Export, random.Random], Tampered]


def flip(export: Export, dice: random.Random) -> Tampered:
    """Any byte of any event."""
    number = dice.randrange(len(export.events))
    at = export.place(number)
    line = bytearray(export.lines[at])
    place = dice.randrange(len(line) - 1)
    line[place] = dice.choice([one for one in b'0aZ,:{} "' if one != line[place]])
    return Tampered([*export.lines[:at], bytes(line), *export.lines[at + 1 :]], number)


def edit(export: Export, dice: random.Random) -> Tampered:
    """A field of an event, in good JSON; the leaf stays."""
    number = dice.randrange(len(export.events))
    found = json.loads(export.events[number])
    _change(found, dice)
    return _put(export, number, _write(found))


def forge(export: Export, dice: random.Random) -> Tampered:
    """A field of an event, with commitment and leaf made to fit."""
    number = _with_details(export, dice)
    found = json.loads(export.events[number])
    _change(found, dice, ("act", "at", "seq", "request_id", "detail", "actor_id"))
    return replace(_put(export, number, _fit(found)), exact=False)


def delete(export: Export, dice: random.Random) -> Tampered:
    number = dice.randrange(len(export.events))
    at = export.place(number)
    last = number + 1 in {one.head.size for one in export.heads}  # Nothing behind it shows that its place is empty.
    return Tampered([*export.lines[:at], *export.lines[at + 1 :]], number, exact=not last)


def delete_and_renumber(export: Export, dice: random.Random) -> Tampered:
    """The later events take the number before theirs, leaves made to fit; heads stay."""
    number = dice.randrange(len(export.events) - 1)
    lines, no = [], number
    for line in export.lines:
        if line == export.events[number]:
            continue
        if line.startswith(b'{"leaf"') and json.loads(line)["plain"]["no"] > number:
            found = json.loads(line)
            found["plain"]["no"], no = no, no + 1
            line = _fit(found, commit=False)
        lines.append(line)
    return Tampered(lines, number, exact=False)


def insert(export: Export, dice: random.Random) -> Tampered:
    """An event that never happened, numbered like the one it pushes away."""
    number = dice.randrange(1, len(export.events))
    found = json.loads(export.events[_with_details(export, dice)])
    found["plain"]["no"] = number
    found["plain"]["seq"] += 100_000
    at = export.place(number)
    return Tampered([*export.lines[:at], _fit(found), *export.lines[at:]], number, exact=False)


def swap(export: Export, dice: random.Random) -> Tampered:
    first, second = sorted(dice.sample(range(len(export.events)), 2))
    lines, one, other = list(export.lines), export.place(first), export.place(second)
    lines[one], lines[other] = lines[other], lines[one]
    return Tampered(lines, first)


def swap_and_renumber(export: Export, dice: random.Random) -> Tampered:
    """Two events change places, each with the other's number and leaves made to fit."""
    first, second = sorted(dice.sample(range(len(export.events)), 2))
    one, other = json.loads(export.events[first]), json.loads(export.events[second])
    one["plain"]["no"], other["plain"]["no"] = second, first
    lines, here, there = list(export.lines), export.place(first), export.place(second)
    lines[here], lines[there] = _fit(other, commit=False), _fit(one, commit=False)
    return Tampered(lines, first, exact=False)


def cut(export: Export, dice: random.Random) -> Tampered:
    """The tail is gone, last line and all."""
    at = dice.randrange(1, len(export.lines) - 1)
    kept = export.lines[:at]
    return Tampered(kept, sum(line.startswith(b'{"leaf"') for line in kept))


def cut_at_a_head(export: Export, dice: random.Random) -> Tampered:
    """The tail is gone, and a last line says that there never was one."""
    no = dice.randrange(len(export.heads) - 1)
    size = export.heads[no].head.size
    end = in_order({"end": {"events": size, "heads": no + 1}}).encode() + b"\n"
    return Tampered([*export.lines[: export.place_of_head(no) + 1], end], size, alone=False)


def edit_a_head(export: Export, dice: random.Random) -> Tampered:
    no = dice.randrange(len(export.heads))
    found = export.heads[no].as_object()
    name = dice.choice(list(found["head"]))
    old = found["head"][name]
    found["head"][name] = old + 1 if isinstance(old, int) else dice.choice("0123456789abcdef-") + old[1:]
    if found["head"][name] == old:
        found["signature"] = found["signature"][::-1]
    return _put_head(export, no, found)


def drop_a_head(export: Export, dice: random.Random) -> Tampered:
    no = dice.randrange(len(export.heads) - 1)
    at = export.place_of_head(no)
    return Tampered([*export.lines[:at], *export.lines[at + 1 :]], export.first_of(no), exact=False)


def sign_with_another_key(export: Export, dice: random.Random) -> Tampered:
    """One head, under a key that the first line does not give."""
    no = dice.randrange(len(export.heads))
    kid = thumbprint(STRANGER.public_key().public_bytes_raw())
    signed = heads.sign_head(replace(export.heads[no].head, kid=kid), STRANGER)
    return _put_head(export, no, signed.as_object())


def rewrite(export: Export, dice: random.Random) -> Tampered:
    """History from one event on, every leaf and head made to fit, under another key that the first line gives."""
    return _rewritten(export, dice, STRANGER)


def fork(export: Export, dice: random.Random) -> Tampered:
    """The same by somebody who holds the platform's own key."""
    return _rewritten(export, dice, export.platform)


ALL: dict[str, tuple[Tamper, int]] = {
    "flip": (flip, 240), "edit": (edit, 160), "forge": (forge, 120), "delete": (delete, 60),
    "delete_and_renumber": (delete_and_renumber, 30), "insert": (insert, 60), "swap": (swap, 60),
    "swap_and_renumber": (swap_and_renumber, 60), "cut": (cut, 40), "cut_at_a_head": (cut_at_a_head, 30),
    "edit_a_head": (edit_a_head, 60), "drop_a_head": (drop_a_head, 20),
    "sign_with_another_key": (sign_with_another_key, 20), "rewrite": (rewrite, 20), "fork": (fork, 20),
}  # fmt: skip


def _rewritten(export: Export, dice: random.Random, key: Ed25519PrivateKey) -> Tampered:
    number = _with_details(export, dice)
    found = json.loads(export.events[number])
    _change(found, dice, ("act", "detail"))
    x = key.public_key().public_bytes_raw()
    first = json.loads(export.lines[0])
    first["keys"][thumbprint(x)] = heads.encode(x)
    lines, tree, last = [in_order(first).encode() + b"\n"], merkle.Frontier(), None
    for line in export.lines[1:]:
        if line.startswith(b'{"leaf"'):
            if line == export.events[number]:
                line = _fit(found)
            tree, _ = merkle.grow(tree, [bytes.fromhex(json.loads(line)["leaf"])])
        elif line.startswith(b'{"head"'):
            signed = read_head(json.loads(line))
            assert signed is not None
            if tree.size > number:
                signed = _signed_anew(signed.head, tree, last, key)
            last, line = signed, in_order(signed.as_object()).encode() + b"\n"
        elif line.startswith(b'{"witness"') and tree.size > number:
            continue
        lines.append(line)
    return Tampered(lines, number, exact=False, alone=False)


def _signed_anew(head: Head, tree: merkle.Frontier, last: SignedHead | None, key: Ed25519PrivateKey) -> SignedHead:
    fields = asdict(head) | {
        "root": merkle.root_of(tree).hex(), "kid": thumbprint(key.public_key().public_bytes_raw()),
        "previous": last.head.digest if last else head.previous,
    }  # fmt: skip
    return heads.sign_head(Head(**fields), key)


def _with_details(export: Export, dice: random.Random) -> int:
    """An event whose personal part was not erased, and that is not itself about an erasure."""
    chosen = [
        n for n, line in enumerate(export.events)
        if not line.endswith(b'"personal":null}\n') and b"audit.erased" not in line
    ]  # fmt: skip
    return dice.choice(chosen)


def _change(found: dict[str, Any], dice: random.Random, names: Sequence[str] = ()) -> None:
    where = {name: found["plain"] for name in PLAIN if name != "no"}
    where |= dict.fromkeys(found["personal"] or (), found["personal"])
    name = dice.choice([one for one in where if not names or one in names])
    old = where[name][name]
    where[name][name] = old + 1 if isinstance(old, int) else {"forged": "yes"} if name == "detail" else f"{old}0"


def _fit(found: dict[str, Any], commit: bool = True) -> bytes:
    """The line with commitment and leaf as they follow from its parts."""
    if commit:
        salt = bytes.fromhex(found["salt"])
        found["plain"]["commitment"] = sha256(salt + canonical(found["personal"]).encode()).hexdigest()
    found["leaf"] = merkle.hash_leaf(in_order(found["plain"]).encode()).hex()
    return _write(found)


def _write(found: dict[str, Any]) -> bytes:
    head = f'{{"leaf":"{found["leaf"]}","salt":"{found["salt"]}","plain":{in_order(found["plain"])},"personal":'
    return (head + canonical(found["personal"]) + "}\n").encode()


def _put(export: Export, number: int, line: bytes) -> Tampered:
    at = export.place(number)
    return Tampered([*export.lines[:at], line, *export.lines[at + 1 :]], number)


def _put_head(export: Export, no: int, found: dict[str, Any]) -> Tampered:
    at = export.place_of_head(no)
    line = in_order(found).encode() + b"\n"
    return Tampered([*export.lines[:at], line, *export.lines[at + 1 :]], export.first_of(no), exact=False)
