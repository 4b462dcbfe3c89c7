"""The list of faults must not rot: planting all takes too long for every run, looking whether they fit does not."""

import pytest

from tests.faults.plant import FAULTS, Fault
from tests.support import REPOSITORY


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_still_fits(fault: Fault):
    """Its place is there exactly once, and the test that sees it has not been renamed."""
    file, _, name = fault.test.partition("::")

    assert (REPOSITORY / fault.file).read_text().count(fault.old) == 1
    assert f"def {name}(" in (REPOSITORY / file).read_text()


def test_every_fault_is_listed_in_the_documentation():
    """Who doubts the tests reads the page, not this list."""
    page = (REPOSITORY / "docs" / "planted-faults.md").read_text()

    assert [f.name for f in FAULTS if f"| {f.name} |" not in page or f.test.partition("::")[2] not in page] == []
