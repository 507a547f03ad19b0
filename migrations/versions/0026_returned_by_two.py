"""Money of an employer's counts as given back only after two people said so, whichever state it comes from."""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_TRIGGER = "remittance_receipt_returned_by_two"
# What invariant i76 looks for, refused before it is there: approved to be returned, and just this sum.
_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_surplus_of_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM remittance_surplus s WHERE s.employer_id = NEW.employer_id
                   AND s.receipt_key = NEW.notice_key AND s.way = 'return' AND s.approved{sum}) THEN
        RAISE EXCEPTION 'no second person approved giving money back' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""
_CREATE = f"""
CREATE TRIGGER {_TRIGGER} BEFORE INSERT OR UPDATE OF {{columns}} ON remittance_receipt FOR EACH ROW
    WHEN (NEW.direction = 'credit' AND NEW.state IN ({{states}})) EXECUTE FUNCTION refuse_surplus_of_one()
"""


def upgrade() -> None:
    """Apply. The version before writes such rows in the same order: first the second person's word, then the money."""
    _guard(" AND s.amount_fen = NEW.amount_fen", "state, amount_fen", "'to_return', 'returned'")


def downgrade() -> None:
    """Take back."""
    _guard("", "state", "'to_return'")


def _guard(same_sum: str, columns: str, states: str) -> None:
    op.execute(f"DROP TRIGGER {_TRIGGER} ON remittance_receipt")
    op.execute(_FUNCTION.replace("{sum}", same_sum))
    op.execute(_CREATE.format(columns=columns, states=states))
