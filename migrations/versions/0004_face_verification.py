"""A second verifier of faces."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "face_session", sa.Column("kind", sa.String(10), nullable=False, server_default=sa.text("'camera'"))
    )
    op.alter_column("face_session", "device_id", existing_type=sa.Uuid(), nullable=True)
    op.create_check_constraint(
        op.f("ck_face_session_kind"),
        "face_session",
        "(kind = 'camera' AND device_id IS NOT NULL) OR (kind = 'wechat' AND device_id IS NULL)",
    )
    op.create_table(
        "face_verification",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(32), nullable=False),
        sa.Column("openid_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("openid_mac", sa.LargeBinary(), nullable=False),
        sa.Column("subject_mac", sa.LargeBinary(), nullable=False),
        sa.Column("verify_id_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("verify_id_mac", sa.LargeBinary(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asks", sa.SmallInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id", "session_id"],
            ["face_session.account_id", "face_session.session_id"],
            name=op.f("fk_face_verification_account_id_session_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "session_id", name=op.f("pk_face_verification")),
        sa.UniqueConstraint("account_id", "reference", name=op.f("uq_face_verification_reference")),
        sa.UniqueConstraint("verify_id_mac", name=op.f("uq_face_verification_verify_id_mac")),
    )
    op.execute(
        "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN"
        " GRANT SELECT, INSERT, UPDATE, DELETE ON face_verification TO anju_app; END IF;"
        " IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_ro') THEN"
        " GRANT SELECT ON face_verification TO anju_ro; END IF; END $$"
    )


def downgrade() -> None:
    """Take back; what WeChat verified has no place in the older tables."""
    op.drop_table("face_verification")
    op.execute("DELETE FROM face_session WHERE kind = 'wechat'")
    op.drop_constraint(op.f("ck_face_session_kind"), "face_session", type_="check")
    op.alter_column("face_session", "device_id", existing_type=sa.Uuid(), nullable=False)
    op.drop_column("face_session", "kind")
