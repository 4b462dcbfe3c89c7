"""`xinyidai check-invariants`: what holds, what does not and where."""

import json

from app import cli_invariants
from app.invariants import Checked

FOUND = (Checked("pools", "Pools add up.", ()), Checked("clocks", "Clocks run for the living.", tuple("abcdefghijkl")))


def test_a_person_reads_each_truth_and_the_first_places_where_it_is_broken() -> None:
    """Ten places are enough to start with; the count tells how many there are."""
    lines = cli_invariants.as_text(FOUND).splitlines()

    assert "holds   pools: Pools add up." == lines[0]
    assert "broken  clocks: Clocks run for the living." == lines[1]
    assert "        … and 2 more" == lines[-1]


def test_a_machine_reads_one_object_with_every_place() -> None:
    """One member says whether all is well."""
    document = json.loads(cli_invariants.as_document(FOUND))

    assert document["holds"] is False
    assert 12 == len(document["truths"][1]["broken"])
