"""Accounts 个人账户: state, employer, monthly contribution, payee cards; balances are read from the ledger."""
