"""Rights over face data: what was erased, hashes that know copies, templates apart, proofs of retention."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BIT

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    op.add_column("face_session", sa.Column("erased_at", _INSTANT, nullable=True))
    op.create_index(
        "ix_face_session_kept",
        "face_session",
        ["created_at", "account_id"],
        postgresql_where=sa.text("erased_at IS NULL"),
    )
    op.create_index(
        "ix_face_session_reasons",
        "face_session",
        ["erased_at"],
        postgresql_where=sa.text("erased_at IS NOT NULL AND reasons <> '[]'::jsonb"),
    )
    op.create_index("ix_face_frame_hash_account", "face_frame_hash", ["account_id", "session_id"])
    _picture_hashes()
    _templates()
    _proofs()
    op.execute(_GRANTS)


def _picture_hashes() -> None:
    op.create_table(
        "face_picture_hash",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.SmallInteger(), nullable=False),
        sa.Column("digest", BIT(512), nullable=False),
        *(sa.Column(f"band{number}", sa.Integer(), nullable=False) for number in range(4)),
        sa.Column("seen_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "session_id", "seq", name=op.f("pk_face_picture_hash")),
    )
    for number in range(4):
        op.create_index(f"ix_face_picture_hash_band{number}", "face_picture_hash", [f"band{number}"])
    op.create_index(op.f("ix_face_picture_hash_seen_at"), "face_picture_hash", ["seen_at"])


def _templates() -> None:
    op.create_table(
        "face_template",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.SmallInteger(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_face_template")),
    )


def _proofs() -> None:
    op.create_table(
        "retention_run",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.String(40), nullable=False),
        sa.Column("started_at", _INSTANT, nullable=False),
        sa.Column("cutoff_at", _INSTANT, nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.Column("oldest_left_at", _INSTANT, nullable=True),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_retention_run")),
    )
    op.create_index("ix_retention_run_category", "retention_run", ["category", "started_at"])
    op.execute(
        "CREATE TRIGGER retention_run_append_only BEFORE UPDATE OR DELETE ON retention_run"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


# Only the face worker reads a template; the web may count and delete them.
_GRANTS = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON face_picture_hash TO anju_app;
        GRANT SELECT (account_id, made_at), DELETE ON face_template TO anju_app;
        GRANT SELECT, INSERT ON retention_run TO anju_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_face') THEN
        GRANT SELECT, INSERT ON face_picture_hash TO anju_face;
        GRANT SELECT, INSERT, UPDATE, DELETE ON face_template TO anju_face;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_ro') THEN
        GRANT SELECT ON face_picture_hash, retention_run TO anju_ro;
    END IF;
END $$
"""


def downgrade() -> None:
    """Take back."""
    for name in ("retention_run", "face_template", "face_picture_hash"):
        op.drop_table(name)
    op.drop_index("ix_face_frame_hash_account", "face_frame_hash")
    op.drop_index("ix_face_session_reasons", "face_session")
    op.drop_index("ix_face_session_kept", "face_session")
    op.drop_column("face_session", "erased_at")
