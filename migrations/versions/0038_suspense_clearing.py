"""Money may be said to belong to an employer, by its number of up to 20 digits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.alter_column("break_proposal", "belongs_to", type_=sa.String(20))


def downgrade() -> None:
    """Take back; not once an employer's number was named that is longer than 15 digits."""
    op.alter_column("break_proposal", "belongs_to", type_=sa.String(15))
