CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS payments (
    seq_no TEXT PRIMARY KEY, ref_no TEXT NOT NULL, tx_date TEXT NOT NULL, amount_fen INTEGER NOT NULL,
    capital_fen INTEGER NOT NULL, interest_fen INTEGER NOT NULL, payee_account_no TEXT NOT NULL,
    payee_name TEXT NOT NULL, payee_bank_name TEXT NOT NULL, payee_interbank_no TEXT NOT NULL,
    settle_type TEXT NOT NULL, bus_type TEXT NOT NULL, summary TEXT NOT NULL, remark TEXT NOT NULL,
    state TEXT NOT NULL, -- accepted, pending, paid, returned, failed, void
    tx_status TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL, host_status TEXT NOT NULL,
    host_seq_no TEXT NOT NULL, created_at REAL NOT NULL,
    visible_at REAL NOT NULL, -- BDC110 knows nothing of it before
    pay_at REAL, -- NULL: never by itself
    plan TEXT NOT NULL, -- JSON: what is to happen to the notice, and a later return
    return_on TEXT, return_at REAL
);
CREATE INDEX IF NOT EXISTS payments_due ON payments (pay_at) WHERE state IN ('accepted', 'pending');
CREATE INDEX IF NOT EXISTS payments_ref ON payments (ref_no);
CREATE INDEX IF NOT EXISTS payments_to_return ON payments (return_at) WHERE return_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, seq_no TEXT NOT NULL, ref_no TEXT NOT NULL,
    amount_fen INTEGER, outcome TEXT NOT NULL, faults TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS attempts_ref ON attempts (ref_no);
CREATE TABLE IF NOT EXISTS lines (
    id INTEGER PRIMARY KEY, day TEXT NOT NULL, time TEXT NOT NULL, host_seq_no TEXT NOT NULL, tx_code TEXT NOT NULL,
    counter_account_no TEXT NOT NULL, counter_name TEXT NOT NULL, counter_bank_no TEXT NOT NULL,
    amount_fen INTEGER NOT NULL, -- minus: money left the account
    balance_fen INTEGER NOT NULL, summary TEXT NOT NULL, remark TEXT NOT NULL,
    kind TEXT NOT NULL, -- debit, return, credit
    ref_no TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS lines_day ON lines (day);
CREATE INDEX IF NOT EXISTS lines_ref ON lines (ref_no);
CREATE TABLE IF NOT EXISTS notices (
    id INTEGER PRIMARY KEY, line_id INTEGER NOT NULL REFERENCES lines, due_at REAL NOT NULL,
    swapped INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL, -- queued, acknowledged, refused, lost
    deliveries INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS notices_due ON notices (due_at) WHERE state = 'queued';
CREATE TABLE IF NOT EXISTS faults (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, tx_code TEXT NOT NULL, match TEXT NOT NULL, params TEXT NOT NULL,
    remaining INTEGER -- NULL: until deleted
);
CREATE INDEX IF NOT EXISTS faults_case ON faults (tx_code, json_extract(match, '$.case_no'));
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, port TEXT NOT NULL, direction TEXT NOT NULL, tx_code TEXT NOT NULL,
    seq_no TEXT NOT NULL, note TEXT NOT NULL
);
