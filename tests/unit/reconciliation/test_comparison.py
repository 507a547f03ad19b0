"""The comparison as a rule: whatever is done to a statement is named as what it is, and nothing else is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.reconciliation.rules import Finding, Line, Movement, compare, totals

DAY = date(2026, 11, 23)
DROP, DOUBLE, AMOUNT, SWAP, SHIFT = "drop", "double", "amount", "swap", "shift"


def line(number: int, fen: int, day: date = DAY) -> Line:
    """A line of a payment (minus) or of money that came in, under a number of ours."""
    key = f"{day}:{number}:{fen}".encode()
    return Line(day, key, f"H{number}", f"20261123{number:07d}", fen)


def movement(one: Line, outcome: str = "paid", booked_fen: int | None = None) -> Movement:
    """What we took in for a line, booked as it stands unless said otherwise."""
    fen = one.fen if booked_fen is None else booked_fen
    return Movement(one.day, one.key, one.host_seq_no, one.instruction_no, one.fen, outcome, fen)


def kinds(found: list[Finding]) -> list[str]:
    """Their kinds, in order of the alphabet."""
    return sorted(one.kind for one in found)


amounts = st.lists(st.integers(1, 9_999_99).map(lambda fen: -fen), min_size=2, max_size=8)
spoilings = st.sampled_from((None, DROP, DOUBLE, AMOUNT, SWAP, SHIFT))


@settings(max_examples=120, deadline=None)
@given(amounts=amounts, spoiling=spoilings, shuffled=st.randoms(use_true_random=False))
def test_every_spoiling_is_named(amounts: list[int], spoiling: str | None, shuffled) -> None:  # type: ignore[no-untyped-def]
    lines = [line(number, fen) for number, fen in enumerate(amounts)]
    movements = [movement(one) for one in lines]
    elsewhere: list[Line] = []
    first, second = lines[0], lines[1]
    expected: list[str] = []
    if spoiling == DROP:
        lines, expected = lines[1:], ["ours_only"]
    elif spoiling == DOUBLE:
        lines, expected = [*lines, first], ["duplicate_line"]
    elif spoiling == AMOUNT:
        other = replace(first, key=b"other amount", fen=first.fen - 1)
        lines, expected = [other, *lines[1:]], ["amount_differs"]
        movements.append(movement(other, "amount_differs", 0))
    elif spoiling == SWAP:
        lines[0] = replace(first, instruction_no=second.instruction_no)
        lines[1] = replace(second, instruction_no=first.instruction_no)
        expected = ["reference_differs", "reference_differs"]
    elif spoiling == SHIFT:
        elsewhere = [replace(first, day=DAY + timedelta(days=1), key=b"next day")]
        lines, expected = lines[1:], ["shifted_day"]
    shuffled.shuffle(lines)
    found = compare(DAY, lines, movements, elsewhere)
    assert kinds(found) == expected
    # Every fen by which the lines and the books of the day differ is in a finding.
    difference = sum(one.fen for one in lines) - sum(one.booked_fen for one in movements)
    assert sum(one.bank_fen - one.book_fen for one in found) == difference


def test_a_line_on_the_next_day_is_named_there_too() -> None:
    """Tuesday's line of Monday's movement: it repeats what is booked, and Monday has no line."""
    told = line(1, -300_000)
    late = replace(told, day=DAY + timedelta(days=1), key=b"late")
    movements = [movement(told), movement(late, "confirmed", 0)]
    assert kinds(compare(DAY + timedelta(days=1), [late], movements, [])) == ["shifted_day"]
    assert kinds(compare(DAY, [], movements, [late])) == ["shifted_day"]


def test_the_same_movement_in_other_words_is_no_difference() -> None:
    """Notice and statement spell the name differently: two keys, one movement."""
    told, listed = line(1, -300_000), replace(line(1, -300_000), key=b"other words")
    assert compare(DAY, [listed], [movement(told), movement(listed, "confirmed", 0)], []) == []


def test_what_neither_told_nor_listed_books_is_named_by_its_line() -> None:
    """Refused for good, and yet the bank debits 3,000.00: told in two spellings, booked under neither."""
    told, listed = line(1, -300_000), replace(line(1, -300_000), key=b"other words")
    movements = [movement(told, "break", 0), movement(listed, "break", 0)]
    (found,) = compare(DAY, [listed], movements, [])
    assert (found.kind, found.key, found.bank_fen, found.book_fen) == (
        "status_differs",
        b"other words",
        -300_000,
        0,
    )
    (doubtful,) = compare(DAY, [listed], movements[:1], [])
    assert (doubtful.kind, doubtful.bank_fen, doubtful.book_fen) == ("bank_only", -300_000, 0)


def test_a_line_belongs_to_the_telling_that_is_booked() -> None:
    """Three spellings of one payment of 3,000.00: two told of, one of them booked, the third on the statement."""
    first = line(1, -300_000)
    second, listed = replace(first, key=b"second words"), replace(first, key=b"third words")
    movements = [movement(second, "confirmed", 0), movement(first), movement(listed, "confirmed", 0)]
    assert compare(DAY, [listed], movements, []) == []


def test_a_telling_booked_with_another_sum_is_named_with_both() -> None:
    told, listed = line(1, -300_000), replace(line(1, -300_000), key=b"other words")
    movements = [movement(told, "paid", -299_900), movement(listed, "confirmed", 0)]
    (found,) = compare(DAY, [listed], movements, [])
    assert (found.kind, found.bank_fen, found.book_fen) == ("books_differ", -300_000, -299_900)


def test_a_line_told_twice_in_other_words_is_one_too_many() -> None:
    told, again = line(1, -300_000), replace(line(1, -300_000), key=b"stroke 2")
    found = compare(DAY, [told, again], [movement(told), movement(again, "confirmed", 0)], [])
    assert [(one.kind, one.bank_fen, one.book_fen) for one in found] == [("duplicate_line", -300_000, 0)]


def test_what_was_not_booked_is_named_by_why() -> None:
    cases = {
        ("unmatched", 500): "bank_only",
        ("amount_differs", -500): "amount_differs",
        ("payee_differs", -500): "payee_differs",
        ("unbooked", 500): "unbooked",
        ("break", -500): "status_differs",
        ("break", 500): "late_return",
        ("paid", -500): "books_differ",
    }
    for (outcome, fen), kind in cases.items():
        one = line(1, fen)
        (found,) = compare(DAY, [one], [movement(one, outcome, 0)], [])
        assert (found.kind, found.bank_fen, found.book_fen) == (kind, fen, 0)


def test_money_without_a_number_that_was_told_before_is_one_too_many() -> None:
    """An employer's 6,000.00, which a notice has told and booked under another spelling: each of the two is named."""
    told, listed = (replace(line(1, 600_000), key=key, instruction_no=None) for key in (b"told", b"listed"))
    movements = [movement(told, "remittance_open"), movement(listed, "break", 0)]
    found = compare(DAY, [listed], movements, [])
    assert [(one.kind, one.bank_fen, one.book_fen) for one in found] == [
        ("duplicate_line", 600_000, 0),
        ("ours_only", 0, 600_000),
    ]


def test_money_of_a_letter_that_is_over_is_on_the_books_and_still_open() -> None:
    one = line(1, 120_000)
    (found,) = compare(DAY, [one], [movement(one, "break", 120_000)], [])
    assert (found.kind, found.bank_fen - found.book_fen) == ("transfer_open", 0)


def test_it_is_still_open_where_notice_and_line_spell_it_in_two_ways() -> None:
    told, listed = line(1, 120_000), replace(line(1, 120_000), key=b"other words")
    (found,) = compare(DAY, [listed], [movement(told, "break"), movement(listed, "break", 0)], [])
    assert (found.kind, found.key, found.other_key) == ("transfer_open", b"other words", told.key)
    assert (found.bank_fen, found.book_fen) == (120_000, 120_000)


def test_control_totals_by_hand() -> None:
    """100.00 + 50.00 - 30.00 = 120.00; the balance says 119.00, so 1.00 left that no line tells."""
    found = totals([5_000, -3_000], 10_000, 11_900)
    assert (found.credit_fen, found.debit_fen, found.missing_fen) == (5_000, 3_000, -100)
    assert totals([5_000, -3_000], 10_000, None).missing_fen == 0
    assert totals([5_000, -3_000], None, 12_000).opening_fen == 10_000
