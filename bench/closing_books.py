"""Books to close 待结账本: accounts with an opening balance, a year of contributions and some withdrawals, made in SQL."""

from __future__ import annotations

import psycopg

_FILL = (
    # Nobody's triggers and foreign keys: these rows are as right as the statements that make them.
    "SET session_replication_role = replica",
    """
    INSERT INTO provident_fund_account (account_id, account_no, state, employer, opened_on, contribution_base_fen,
                                        contribution_rate_percent, monthly_contribution_fen)
    SELECT new_key(), '97' || lpad(n::text, 11, '0'), '01', '株洲示例单位' || mod(n, %(employers)s), date '2020-03-01',
           500000 + mod(n, 500000), 10,
           2 * ((500000 + mod(n, 500000)) / 10)
    FROM generate_series(1, %(accounts)s) AS n
    """,
    """
    INSERT INTO member (account_id, name_sealed, name_mac, id_no_sealed, id_no_mac, phone_sealed, phone_mac, created_at)
    SELECT account_id, '', sha256(account_no::bytea), '', sha256(account_no::bytea), '', sha256(account_no::bytea),
           timestamp '2020-03-01 10:00' AT TIME ZONE 'Asia/Shanghai'
    FROM provident_fund_account
    """,
    """
    CREATE UNLOGGED TABLE book AS
    SELECT a.account_id, new_key() AS journal_id, e.ref, e.kind, e.summary, e.on_day, e.debit_code, e.credit_code,
           CASE e.kind WHEN 'opening' THEN a.monthly_contribution_fen * 24 WHEN 'contribution'
               THEN a.monthly_contribution_fen ELSE 300000 END AS fen
    FROM provident_fund_account a CROSS JOIN LATERAL (
        SELECT 'opening' AS ref, 'opening' AS kind, '期初余额' AS summary, date '2026-06-01' AS on_day,
               '101' AS debit_code, '201' AS credit_code
        UNION ALL
        SELECT 'contribution:' || to_char(m, 'YYYY-MM'), 'contribution', to_char(m, 'YYYY年FMMM月汇缴'), m::date + 14, '101', '201'
        FROM generate_series(timestamp '2026-07-01', timestamp '2027-06-01', interval '1 month') AS m
        UNION ALL
        SELECT 'withdrawal:' || a.account_id || part.ref, part.kind, part.summary, date '2027-03-10', part.debit, part.credit
        FROM (VALUES (':hold', 'withdrawal_hold', '租房提取', '201', '219'),
                     (':settle', 'withdrawal_settle', '租房提取', '219', '101')) AS part (ref, kind, summary, debit, credit)
        WHERE right(a.account_no, 1) < '3'
    ) AS e
    """,
    """
    INSERT INTO journal (account_id, journal_id, business_ref, kind, summary, accounting_on, created_at)
    SELECT account_id, journal_id, ref, kind, summary, on_day, on_day + time '10:00' FROM book
    """,
    """
    INSERT INTO posting (account_id, journal_id, line_no, gl_code, fen)
    SELECT account_id, journal_id, line_no, gl_code, line.fen FROM book
    CROSS JOIN LATERAL (VALUES (1, debit_code, fen), (2, credit_code, -fen)) AS line (line_no, gl_code, fen)
    """,
    """
    INSERT INTO member_balance (account_id, balance_fen, held_fen, frozen_fen)
    SELECT account_id, sum(CASE '201' WHEN credit_code THEN fen WHEN debit_code THEN -fen ELSE 0 END), 0, 0
    FROM book GROUP BY 1
    """,
    """
    INSERT INTO contribution (account_id, month, amount_fen, posted_at)
    SELECT account_id, date_trunc('month', on_day), fen, on_day + time '10:00' FROM book WHERE kind = 'contribution'
    """,
    "DROP TABLE book",
    "VACUUM (ANALYZE)",
    "CHECKPOINT",
)


def fill(superuser_url: str, accounts: int, employers: int) -> int:
    """Write the books of people of some employers; returns how many journals there are."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        for statement in _FILL:
            values = {"accounts": accounts, "employers": employers}
            connection.execute(statement, values if "%(" in statement else None)
        row = connection.execute("SELECT count(*) FROM journal").fetchone()
    assert row is not None
    return int(row[0])
