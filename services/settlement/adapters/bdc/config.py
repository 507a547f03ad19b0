"""Link settings 结算接口参数: where the node is, who we are there, and how long we wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class BdcConfig:
    """Everything the adapters need; they read no environment and no file themselves."""

    host: str
    port: int
    notice_port: int
    node: str
    tx_unit_no: str
    cust_no: str
    oper_no: str
    password: str = field(repr=False)
    sign_on_key: bytes = field(repr=False)  # 16 bytes; wraps the password and the day's session key
    pay_account_no: str
    pay_account_name: str
    settlement_node: str = "D00000"
    bank_node: str = "105000"
    interest_account_no: str = ""  # empty: interest is paid from the paying account
    interest_account_name: str = ""
    cipher: str = "SM4-CBC"
    connect_timeout_s: float = 3.0
    read_timeout_s: float = 10.0
    statement_timeout_s: float = 60.0
    max_connections: int = 8
    heartbeat_s: float = 30.0
    backoff_min_s: float = 0.5
    backoff_max_s: float = 30.0
    # Answers with these codes do not settle an instruction's fate, whatever their status says.
    undecided_codes: frozenset[str] = frozenset({"99999", "E9000"})
    # Characters the receiving bank cannot hold, and what its register writes in their place.
    substitutes: Mapping[str, str] = field(default_factory=dict)
