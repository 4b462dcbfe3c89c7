"""What a later calendar did to a deadline stands in the case file, with the deadline and as a line of its own."""

import asyncpg
import httpx

PLANT = """
insert into clock_recounts (recount_id, clock_id, root_id, recounted_at, outcome, from_version, to_version, old_due_on,
  old_due_at, was_provisional, due_on, due_at, is_provisional, counted_on, counted_at, business_id, bank_id)
select gen_random_uuid(), clock_id, root_id, started_at, $2, 1, $3, due_on, due_at, true,
       due_on + $4::integer, due_at + make_interval(days => $4::integer), false, due_on + $5::integer,
       due_at + make_interval(days => $5::integer), business_id, bank_id
  from clocks where case_id = $1 and kind = 'DECISION'
"""


async def test_a_recounted_deadline_tells_old_and_new(
    city: httpx.AsyncClient, admin: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """Moved, confirmed and kept, in both languages; the machine reads the same."""
    cases = (await city.get("/figures/cases?figure=paused_workdays&counts=1")).json()["cases"]
    case_id = cases[0]["suborder_id"]
    for outcome, version, moved, counted in (("moved", 2, 1, 1), ("confirmed", 3, 0, 0), ("kept", 4, 0, -1)):
        await admin.execute(PLANT, case_id, outcome, version, moved, counted)

    file = (await city.get(f"/case-files/{case_id}")).json()
    chinese, english = [
        (await city.get(f"/supervision/cases/{case_id}?lang={lang}", headers={"accept": "text/html"})).text
        for lang in ("zh", "en")
    ]

    events = [line["detail"]["event"] for line in file["lines"] if "from_version" in line["detail"]]
    assert ["recounted", "confirmed", "kept"] == sorted(events, key=["recounted", "confirmed", "kept"].index)
    assert all(
        text in chinese for text in ("重算，截止日由", "来得太晚，截止日仍是", "已公布，截止日仍是", "日历版本 1 → 2")
    )
    assert all(text in english for text in ("Counted again by", "came too late", "are announced", "version 1 → 2"))
