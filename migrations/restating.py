"""Facts that leave: what supervision reckons once a contact is denied or an offer retracted.

`restated` turns a text of 0009's facts into one by which only contacts that stand and clocks that count are seen;
`fold` makes room for what is settled anew. Whoever changes the facts later starts from these.
"""

import figures

RESTATING = "'deny_contact', 'retract'"  # Acts after which what was settled is settled anew.
# A contact counts unless the firm denied it: the next word on contacts after it is the denial.
STANDING = """(m.act <> 'contact' or coalesce((
      select x.act from orders_v_moves x
       where x.suborder_id = m.suborder_id and x.act in ('contact', 'deny_contact') and x.seq > m.seq and x.at <= as_of
       order by x.seq limit 1), '') <> 'deny_contact') and m.at <= as_of"""
SEEN = "coalesce(c.opened_at, c.started_at) <= as_of and coalesce(c.undone_at > as_of, true)"


def restated(text: str) -> str:
    """A text of 0009 with contacts that stand and clocks that count at `as_of`."""
    for old, new in (
        ("from orders_v_moves m where m.at <= as_of", f"from orders_v_moves m where {STANDING}"),
        ("and c.started_at <= as_of", f"and {SEEN}"),
    ):
        assert text.count(old) == 1, f"0009 no longer says {old!r} once"
        text = text.replace(old, new)
    return text


def fold() -> str:
    """The fold before which facts leave, with their sums, of suborders of which something was taken back."""
    text = figures.FOLD
    begin, end = text.index("  insert into supervision_sums"), text.index("  delete from supervision_open")
    add = text[begin:end]
    subtract = add.replace("from fresh f", "from gone f").replace(
        "sum(f.value), sum(f.whole)", "-sum(f.value), -sum(f.whole)"
    )
    leave = f"""
  select array_agg(distinct suborder_id) into again from orders_v_moves
   where suborder_id = any(ids) and act in ({RESTATING});
  if again is not null then
    with gone as (delete from supervision_facts where suborder_id = any(again) returning *)
{subtract}  end if;
  with fresh as ("""
    for old, new in (
        ("  ids uuid[];\n", "  ids uuid[];\n  again uuid[];\n"),
        ("\n  with fresh as (", leave),
        ("and c.kind = 'DECISION'", "and c.kind = 'DECISION' and c.undone_at is null"),
    ):
        assert text.count(old) == 1, f"the fold no longer says {old!r} once"
        text = text.replace(old, new)
    return text
