"""Rows that could be read but never stored: unacknowledged, such a notice would come again for ever."""

from __future__ import annotations

import pytest

from services.settlement.adapters.bdc.errors import BadMessage
from services.settlement.adapters.bdc.rows import change_of

ROW = (
    "1|43050162000000000001|{host_no}|BDC101|6217000000000000012|张三|-3000.00|20261123|101503|"
    "97000.00|105000|102611230000001|156|1|97000.00|0.00|||105552000011|公积金提取|0|00000007|"
)


def test_the_longest_host_number_a_table_holds() -> None:
    assert change_of(ROW.format(host_no="H" * 40)).host_seq_no == "H" * 40


@pytest.mark.parametrize("day", ["00010101", "00010103", "19991231", "22000101", "99991231"])
def test_a_day_at_the_end_of_the_calendar_is_refused(day: str) -> None:
    """The days around it, where the same money may have been told of, do not exist."""
    with pytest.raises(BadMessage):
        change_of(ROW.format(host_no="H1").replace("20261123", day))


@pytest.mark.parametrize("host_no", ["H" * 41, "H\0", "H 1", "号"])
def test_a_host_number_that_cannot_be_stored_is_refused(host_no: str) -> None:
    with pytest.raises(BadMessage):
        change_of(ROW.format(host_no=host_no))
