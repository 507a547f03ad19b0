"""Sandbox settlement node 结算节点沙箱: the bank's end of the BDC wire, with faults to order."""

from sandbox.settlement_node.credentials import Credentials
from sandbox.settlement_node.node import SettlementNode

__all__ = ["Credentials", "SettlementNode"]
