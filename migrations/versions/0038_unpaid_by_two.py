"""Two people may say that the bank has not carried out an order, and only in the order's own break."""

from __future__ import annotations

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_RESOLUTION, _UNPAID = "ck_break_proposal_resolution", "ck_bank_break_unpaid"


def upgrade() -> None:
    """Apply."""
    op.drop_constraint(op.f(_RESOLUTION), "break_proposal")
    op.create_check_constraint(
        op.f(_RESOLUTION), "break_proposal", "resolution IN ('explained', 'booked', 'belongs', 'unpaid')"
    )
    op.create_check_constraint(
        op.f(_UNPAID),
        "bank_break",
        "resolution IS DISTINCT FROM 'unpaid'"
        " OR (kind = 'status_differs' AND notice_key IS NULL AND instruction_no IS NOT NULL)",
    )


def downgrade() -> None:
    """Take back; what was proposed stays as it was."""
    op.drop_constraint(op.f(_UNPAID), "bank_break")
    op.drop_constraint(op.f(_RESOLUTION), "break_proposal")
    op.create_check_constraint(
        op.f(_RESOLUTION),
        "break_proposal",
        "resolution IN ('explained', 'booked', 'belongs')",
        postgresql_not_valid=True,
    )
