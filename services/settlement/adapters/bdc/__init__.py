"""BDC 住房公积金银行结算数据应用系统: our side of the wire (see docs/bdc.md)."""

from services.settlement.adapters.bdc.config import BdcConfig
from services.settlement.adapters.bdc.errors import StatementUnavailable
from services.settlement.adapters.bdc.node import AccountBalance, BdcSettlementNode
from services.settlement.adapters.bdc.notices import BdcNoticeStream

__all__ = ["AccountBalance", "BdcConfig", "BdcNoticeStream", "BdcSettlementNode", "StatementUnavailable"]
