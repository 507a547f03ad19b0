"""Payments that a member's lock calls back: how often an order certainly put no byte on the line."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_GRANTS = """
DO $$ DECLARE r text; BEGIN
    FOR r IN SELECT rolname FROM pg_roles WHERE rolname IN ('anju_app', 'anju_ro') LOOP
        EXECUTE format('GRANT SELECT ON invariant_i91_what_was_called_back_never_left TO %I', r);
    END LOOP;
END $$
"""
# A movement of the bank under the number of an order that was called back: the money went out all the same.
_CALLED_BACK = """
CREATE VIEW invariant_i91_what_was_called_back_never_left AS
SELECT i.account_id, i.instruction_id, n.notice_key, n.amount_fen
FROM payment_instruction i JOIN bank_notice n ON n.instruction_no = i.instruction_no AND n.direction = 'debit'
WHERE i.state = 'cancelled'
"""


def upgrade() -> None:
    """Apply. A version that does not count them calls nothing back that has been tried: less, never too much."""
    op.add_column(
        "payment_instruction", sa.Column("unwritten", sa.Integer(), server_default="0", nullable=False)
    )
    _check("unwritten", "unwritten BETWEEN 0 AND attempts")
    _check("called_back", "state <> 'cancelled' OR unwritten = attempts")
    op.execute(_CALLED_BACK)
    op.execute(_GRANTS)


def _check(name: str, condition: str) -> None:
    op.create_check_constraint(op.f(f"ck_payment_instruction_{name}"), "payment_instruction", condition)


def downgrade() -> None:
    """Take back."""
    op.execute("DROP VIEW invariant_i91_what_was_called_back_never_left")
    op.drop_constraint(op.f("ck_payment_instruction_called_back"), "payment_instruction")
    op.drop_constraint(op.f("ck_payment_instruction_unwritten"), "payment_instruction")
    op.drop_column("payment_instruction", "unwritten")
