"""Data sharing 数据共享: asks other departments for facts, with consent, and records every question."""
