"""A letter's money told of again books nothing, and a line of no money is nobody's: neither has to be a transfer's."""

from __future__ import annotations

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

BEFORE = """
CREATE OR REPLACE VIEW invariant_i43_transfer_money_is_on_the_statement AS
SELECT m.account_id, m.notice_key FROM transfer_money m
LEFT JOIN bank_notice b ON b.notice_key = m.notice_key AND b.amount_fen = m.amount_fen
WHERE b.notice_key IS NULL
UNION ALL
SELECT t.account_id, b.notice_key FROM bank_notice b
JOIN transfer_in t ON t.money_no = b.instruction_no
LEFT JOIN transfer_money m ON m.notice_key = b.notice_key
WHERE m.notice_key IS NULL
"""
# Told of again 重复告知: what it repeats is the same letter's, by the rule of services.settlement.repeating.
ONCE = f"""{BEFORE.rstrip()} AND b.amount_fen > 0 AND NOT (b.outcome IN ('break', 'corrected') AND EXISTS (
    SELECT FROM transfer_money taken JOIN bank_notice told ON told.notice_key = taken.notice_key
    WHERE taken.account_id = t.account_id AND taken.application_id = t.application_id
      AND told.host_seq_no = b.host_seq_no AND told.amount_fen = b.amount_fen
      AND told.day BETWEEN b.day - 3 AND b.day + 3))
"""


def upgrade() -> None:
    """Apply."""
    op.execute(ONCE)


def downgrade() -> None:
    """Take back; what was told of again since is a violation then."""
    op.execute(BEFORE)
