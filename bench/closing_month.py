"""A month of contributions 汇缴一个月: the files of employers into the books, and the same rows by one statement.

The product reads the files, copies them in, checks every line, and posts them in sets; the money is there before. The
floor has the lines ready in a table and does nothing but write: lines, contributions, journals, postings, balances.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from time import monotonic

import psycopg
from sqlalchemy import select, text

from services.core.clock import SHANGHAI, FixedClock
from services.core.crypto import FieldCipher
from services.core.db import Sessions, transaction
from services.core.ids import new_id
from services.members.identity import id_no_mac
from services.policies.service import PolicyBook
from services.remittances.employers import register_employer
from services.remittances.matching import RemittanceReceipts
from services.remittances.models import RemittanceBatch
from services.remittances.posting import Posting
from services.remittances.reading import COLUMNS, TITLE
from services.remittances.service import Remittances
from services.remittances.stepping import SET
from services.settlement.ports import AccountChange
from services.settlement.service import Settlement
from services.withdrawals.service import WithdrawalPayments

MONTH = date(2027, 7, 1)
NOW = datetime(2027, 7, 1, 3, tzinfo=SHANGHAI)
WRITTEN = "SELECT count(*) FROM contribution WHERE batch_id IS NOT NULL"
CIPHER = FieldCipher({1: bytes(32)}, 1, bytes(32))
_BARE = text("""
WITH line AS (
    INSERT INTO remittance_line (batch_id, line_no, account_no, id_no_mac, base_fen, unit_fen, member_fen)
    SELECT batch_id, line_no, account_no, id_no_mac, base_fen, unit_fen, member_fen FROM given
    RETURNING batch_id, account_no, unit_fen + member_fen AS fen
), entry AS MATERIALIZED (
    SELECT a.account_id, l.batch_id, new_key() AS journal_id, l.fen
    FROM line l JOIN provident_fund_account a USING (account_no)
), paid AS (
    INSERT INTO contribution (account_id, month, amount_fen, posted_at, batch_id)
    SELECT account_id, :month, fen, :at, batch_id FROM entry
), journals AS (
    INSERT INTO journal (account_id, journal_id, business_ref, kind, summary, accounting_on, created_at)
    SELECT account_id, journal_id, 'contribution\\:2027-07\\:602707010000001', 'contribution', '2027年7月汇缴', :month, :at
    FROM entry
), lines AS (
    INSERT INTO posting (account_id, journal_id, line_no, gl_code, fen)
    SELECT account_id, journal_id, line_no, gl_code, line.fen FROM entry
    CROSS JOIN LATERAL (VALUES (1, '21902', fen), (2, '201', -fen)) AS line (line_no, gl_code, fen)
)
UPDATE member_balance b SET balance_fen = b.balance_fen + e.fen FROM entry e WHERE e.account_id = b.account_id
""")


@dataclass(frozen=True, slots=True)
class Month:
    """The files of all employers, and how many lines there are."""

    files: list[bytes]
    people: int


def prepare(superuser_url: str, sessions: Sessions, employers: int) -> Month:
    """Register the employers, give the people ID numbers, write the files and their lines, and send the money."""
    with psycopg.connect(superuser_url) as connection:
        rows = connection.execute(
            "SELECT employer, account_no, contribution_base_fen FROM provident_fund_account ORDER BY employer, account_no"
        ).fetchall()
        _give_id_numbers(connection, [row[1] for row in rows])
        files = []
        connection.execute(
            "CREATE UNLOGGED TABLE given (LIKE remittance_line); GRANT SELECT ON given TO anju_app"
        )
        for number, (name, people) in enumerate(itertools.groupby(rows, key=lambda row: row[0]), 1):
            entries = [(account_no, base_fen) for _, account_no, base_fen in people]
            files.append(_file(_employer_no(number), entries))
            _give_lines(connection, entries)
            _send_money(sessions, number, name, sum(2 * (base // 10) for _, base in entries))
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
    assert len(files) == employers
    return Month(files, len(rows))


def _employer_no(number: int) -> str:
    return f"98{number:011d}"


def _id_no(account_no: str) -> str:
    return account_no.rjust(18, "0")


def _give_id_numbers(connection: psycopg.Connection, account_nos: list[str]) -> None:
    connection.execute("SET session_replication_role = replica")
    connection.execute("CREATE TEMP TABLE mac (account_no text, mac bytea)")
    with connection.cursor() as cursor, cursor.copy("COPY mac FROM STDIN") as copy:
        for account_no in account_nos:
            copy.write_row((account_no, id_no_mac(CIPHER, _id_no(account_no))))
    connection.execute("ANALYZE mac")
    connection.execute(
        "UPDATE member m SET id_no_mac = mac.mac FROM mac JOIN provident_fund_account a USING (account_no)"
        " WHERE m.account_id = a.account_id"
    )


def _file(employer_no: str, entries: list[tuple[str, int]]) -> bytes:
    shares = [base // 10 for _, base in entries]
    one, both, control = sum(shares), 2 * sum(shares), sum(int(no) for no, _ in entries) % 10**12
    head = [
        TITLE, f"单位账号,{employer_no}", f"汇缴年月,{MONTH:%Y-%m}", "业务类型,01", "缴存比例,10",
        f"人数,{len(entries)}", f"单位合计,{_yuan(one)}", f"个人合计,{_yuan(one)}", f"总额,{_yuan(both)}",
        f"账号校验和,{control:012d}", COLUMNS,
    ]  # fmt: skip
    body = [
        f"{number},{account_no},{_id_no(account_no)},{_yuan(base)},{_yuan(share)},{_yuan(share)}"
        for number, ((account_no, base), share) in enumerate(zip(entries, shares, strict=True), 1)
    ]
    return ("\n".join(head + body) + "\n").encode()


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _give_lines(connection: psycopg.Connection, entries: list[tuple[str, int]]) -> None:
    batch_id = new_id()
    with connection.cursor() as cursor, cursor.copy("COPY given FROM STDIN") as copy:
        for number, (account_no, base) in enumerate(entries, 1):
            mac = id_no_mac(CIPHER, _id_no(account_no))
            copy.write_row((batch_id, number, account_no, mac, base, base // 10, base // 10))


def _send_money(sessions: Sessions, number: int, name: str, amount_fen: int) -> None:
    clock = FixedClock(NOW)
    receipts = RemittanceReceipts(CIPHER, clock)
    settlement = Settlement(CIPHER, clock, WithdrawalPayments(), (receipts,), (receipts,))
    payer_no = f"4300{number:08d}"
    change = AccountChange(
        "4300150006", f"H{number}", "T", payer_no, name, amount_fen, "credit", MONTH, "090000", 0, "", "",
        False, "1", f"line {number}",
    )  # fmt: skip
    with transaction(sessions) as session:
        register_employer(session, CIPHER, _employer_no(number), name, clock.now(), payer_account_no=payer_no)
    with transaction(sessions) as session:
        assert settlement.record_change(session, change) == "remittance_open"


def file_all(sessions: Sessions, month: Month) -> None:
    """Read, copy in and check every file; the money is found."""
    clock, numbers = FixedClock(NOW), itertools.count(1)
    remittances = Remittances(
        sessions, clock, CIPHER, PolicyBook(), lambda module, day: f"{module}{day:%y%m%d}{next(numbers):07d}"
    )
    for data in month.files:
        filed = remittances.file(data, actor="bench")
        assert filed.state == "funded", filed.faults[:3]


def post_all(sessions: Sessions, size: int = SET) -> None:
    """Post every batch whose money is there, or go on with it."""
    posting = Posting(sessions, FixedClock(NOW + timedelta(minutes=1)), PolicyBook(), size=size)
    wanted = select(RemittanceBatch.batch_id).where(RemittanceBatch.state.in_(("funded", "posting")))
    with transaction(sessions) as session:
        ids = list(session.scalars(wanted.order_by(RemittanceBatch.batch_no)))
    for batch_id in ids:
        assert posting.run(batch_id) == "posted"


class Product:
    """Files to books; remembers how long the posting alone took."""

    def __init__(self, month: Month) -> None:
        self._month = month
        self.posting_s = 0.0

    def __call__(self, sessions: Sessions) -> None:
        """The product's way."""
        file_all(sessions, self._month)
        begun = monotonic()
        post_all(sessions)
        self.posting_s = monotonic() - begun


def bare(sessions: Sessions) -> None:
    """The same rows by one statement."""
    with transaction(sessions) as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        session.execute(_BARE, {"month": MONTH, "at": NOW})
