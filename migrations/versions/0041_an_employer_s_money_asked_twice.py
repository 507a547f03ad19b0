"""One approval of just this sum gives an employer's money back, whatever else was asked about it: as the trigger has it."""

from __future__ import annotations

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_VIEW = """
CREATE OR REPLACE VIEW invariant_i76_two_people_give_an_employer_s_money_back AS
SELECT r.employer_id, r.notice_key, r.state, r.amount_fen
FROM remittance_receipt r{rule}
"""
_GOES_BACK = "r.direction = 'credit' AND r.state IN ('to_return', 'returned')"
_BEFORE = f""" LEFT JOIN remittance_surplus s ON s.receipt_key = r.notice_key AND s.employer_id = r.employer_id
WHERE {_GOES_BACK}
    AND (s.approved IS NOT TRUE OR s.way <> 'return' OR s.amount_fen <> r.amount_fen)"""
# A question may be refused and asked again, and what was kept may be given back later: each leaves a row of its own.
_APPROVED = f"""
WHERE {_GOES_BACK}
    AND NOT EXISTS (SELECT FROM remittance_surplus s WHERE s.employer_id = r.employer_id
                    AND s.receipt_key = r.notice_key AND s.way = 'return' AND s.approved
                    AND s.amount_fen = r.amount_fen)"""


def upgrade() -> None:
    """Apply."""
    op.execute(_VIEW.format(rule=_APPROVED))


def downgrade() -> None:
    """Take back; what was given back after another answer is a violation then."""
    op.execute(_VIEW.format(rule=_BEFORE))
