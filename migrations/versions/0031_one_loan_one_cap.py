"""One bank loan has one cap: agreements of all who owe it, and what is drawn once a year, are counted together.

Beside it the index by which a sweep sees what is in a worker's hand.
"""

from __future__ import annotations

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

# A bank's loan may be agreed on by both who owe it; the centre's own is repaid through one agreement of one account.
ONCE = """
CREATE OR REPLACE VIEW invariant_i32_a_month_is_paid_for_once AS
SELECT (array_agg(g.account_id))[1] AS account_id, g.loan_ref, m.month, count(*) AS n
FROM agreement_run r
JOIN loan_agreement g USING (account_id, agreement_id)
JOIN application a ON a.account_id = r.account_id AND a.application_id = r.application_id
CROSS JOIN LATERAL jsonb_array_elements_text(r.months) AS m(month)
WHERE a.state NOT IN ('returned', 'cancelled', 'refused', 'expired')
GROUP BY g.loan_ref, m.month, CASE WHEN g.kind <> 'commercial' THEN g.account_id END HAVING count(*) > 1
"""
BEFORE = """
CREATE OR REPLACE VIEW invariant_i32_a_month_is_paid_for_once AS
SELECT g.account_id, g.loan_ref, m.month, count(*) AS n
FROM agreement_run r
JOIN loan_agreement g USING (account_id, agreement_id)
JOIN application a ON a.account_id = r.account_id AND a.application_id = r.application_id
CROSS JOIN LATERAL jsonb_array_elements_text(r.months) AS m(month)
WHERE a.state NOT IN ('returned', 'cancelled', 'refused', 'expired')
GROUP BY 1, 2, 3 HAVING count(*) > 1
"""
SPENT = """
INSERT INTO item_usage (account_id, application_id, key)
SELECT r.account_id, r.application_id, g.loan_ref FROM agreement_run r
JOIN loan_agreement g USING (account_id, agreement_id)
WHERE r.application_id IS NOT NULL AND g.kind = 'commercial'
ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    """Apply."""
    op.execute("CREATE INDEX ix_loan_agreement_loan_ref ON loan_agreement (loan_ref)")
    op.execute(
        "CREATE INDEX ix_procrastinate_jobs_in_hand ON procrastinate_jobs (queueing_lock) WHERE status = 'doing'"
    )
    op.execute(ONCE)
    op.execute(SPENT)


def downgrade() -> None:
    """Take back; what was counted stays counted."""
    op.execute(BEFORE)
    op.execute("DROP INDEX ix_procrastinate_jobs_in_hand")
    op.execute("DROP INDEX ix_loan_agreement_loan_ref")
