"""What the bank side knows of the centre 接入参数, read from the sandbox's TOML."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

DEFAULT_FILE = Path(__file__).resolve().parents[2] / "config" / "sandbox.toml"


@dataclass(frozen=True)
class Credentials:
    node: str
    settlement_node: str
    bank_node: str
    tx_unit_no: str
    cust_no: str
    oper_no: str
    password: str
    sign_on_key: bytes
    pay_account_no: str
    pay_account_name: str

    @classmethod
    def load(cls, path: Path = DEFAULT_FILE) -> Credentials:
        """Read the table [bdc]."""
        table = tomllib.loads(path.read_text(encoding="utf-8"))["bdc"]
        names = [name for name in cls.__dataclass_fields__ if name != "sign_on_key"]
        return cls(sign_on_key=bytes.fromhex(table["sign_on_key"]), **{name: table[name] for name in names})
