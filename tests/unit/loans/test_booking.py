"""Fund and card pay one sum: how it is split, to the fen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.loans.booking import Paid, split

LATE = Paid("settle:1", "06", "贷款结清", 1_000_000, 5_000, 147, 100_000)
"""10,000.00 of principal, 1,000.00 of it overdue, 50.00 of interest, 1.47 of penalty."""


@pytest.mark.parametrize(
    ("held_fen", "principal", "late", "interest", "penalty"),
    [
        (0, 0, 0, 0, 0),
        (900_000, 900_000, 0, 0, 0),
        (950_000, 950_000, 50_000, 0, 0),
        (1_000_001, 1_000_000, 100_000, 1, 0),
        (1_005_146, 1_000_000, 100_000, 5_000, 146),
    ],
)
def test_the_fund_pays_principal_first_and_penalty_last(held_fen, principal, late, interest, penalty):
    fund, card = split(LATE, held_fen)
    assert (fund.principal_fen, fund.overdue_principal_fen) == (principal, late)
    assert (fund.interest_fen, fund.penalty_fen) == (interest, penalty)
    assert (fund.step, card.step) == ("settle:1:fund", "settle:1")
    assert fund.amount_fen + card.amount_fen == LATE.amount_fen == 1_005_147


@pytest.mark.parametrize("held_fen", [-1, 1_005_147, 2_000_000])
def test_the_card_always_pays_something(held_fen):
    with pytest.raises(ValueError, match="card"):
        split(LATE, held_fen)


@pytest.mark.parametrize(("kind", "fund_kind"), [("02", "05"), ("04", "05"), ("03", "03"), ("06", "06")])
def test_an_instalment_from_the_fund_has_a_kind_of_its_own(kind, fund_kind):
    fund, card = split(Paid("instalment:2", kind, "", 100, 10), 50)
    assert (fund.kind, card.kind) == (fund_kind, kind)


@given(st.integers(0, 10**9), st.integers(0, 10**7), st.integers(0, 10**5), st.data())
def test_nothing_is_lost_in_a_split(normal, interest, penalty, data):
    late = data.draw(st.integers(0, normal))
    whole = Paid("x", "06", "", normal, interest, penalty, late)
    if not whole.amount_fen:
        return
    held = data.draw(st.integers(0, whole.amount_fen - 1))
    fund, card = split(whole, held)
    assert fund.amount_fen == held
    for name in ("principal_fen", "interest_fen", "penalty_fen", "overdue_principal_fen"):
        parts = (getattr(fund, name), getattr(card, name))
        assert min(parts) >= 0
        assert sum(parts) == getattr(whole, name)
    for part in (fund, card):
        assert part.overdue_principal_fen <= part.principal_fen
