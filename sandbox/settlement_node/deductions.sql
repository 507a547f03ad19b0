-- Cards the bank keeps for members, and what the centre had deducted from them.
CREATE TABLE IF NOT EXISTS cards (
    account_no TEXT PRIMARY KEY, name TEXT NOT NULL, balance_fen INTEGER NOT NULL,
    status TEXT NOT NULL -- normal, frozen, closed
);
CREATE TABLE IF NOT EXISTS deductions (
    seq_no TEXT PRIMARY KEY, ref_no TEXT NOT NULL, tx_date TEXT NOT NULL, amount_fen INTEGER NOT NULL,
    capital_fen INTEGER NOT NULL, interest_fen INTEGER NOT NULL, penalty_fen INTEGER NOT NULL,
    payer_account_no TEXT NOT NULL, payer_name TEXT NOT NULL, payer_interbank_no TEXT NOT NULL,
    loan_no TEXT NOT NULL, summary TEXT NOT NULL, remark TEXT NOT NULL,
    state TEXT NOT NULL, -- accepted, pending, collected, taken_back, failed, void
    tx_status TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL, host_status TEXT NOT NULL,
    host_seq_no TEXT NOT NULL, created_at REAL NOT NULL, visible_at REAL NOT NULL, pay_at REAL,
    plan TEXT NOT NULL, return_on TEXT, return_at REAL
);
CREATE INDEX IF NOT EXISTS deductions_due ON deductions (pay_at) WHERE state IN ('accepted', 'pending');
CREATE INDEX IF NOT EXISTS deductions_ref ON deductions (ref_no);
CREATE INDEX IF NOT EXISTS deductions_to_return ON deductions (return_at) WHERE return_at IS NOT NULL;
