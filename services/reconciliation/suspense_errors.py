"""What the desk says no to when a correction is to be moved on 挂账转出拒绝."""

from __future__ import annotations

from services.core.errors import Conflict


class NotStanding(Conflict):
    """Nothing of it is left, or it is proposed already."""

    code, title, detail = (
        "suspense.not_standing",
        "这笔挂账不能再转",
        "这笔挂账（或者选来对冲的那一笔）已经转出，或者已有意见在等复核。请看最新状态。",
    )


class ClearingMoved(Conflict):
    """What waits for the second person is not what they saw, or waits no more."""

    code, title, detail = "suspense.moved_on", "意见变了", "处理意见在您看的时候变了，请看过再定。"


class NotMoney(Conflict):
    """What was booked is not one credit of the bank's that nobody owns."""

    code, title, detail = (
        "suspense.not_money",
        "这笔挂账不能认领",
        "只有银行整笔进来、还没有主的钱才能认领。补差额、跨日和少记的挂账，请找相反的一笔对冲。",
    )


class NotOpposite(Conflict):
    """The two do not make nothing together."""

    code, title, detail = "suspense.not_opposite", "两笔对冲不平", "请选一笔方向相反、金额相同的挂账。"


class SettlesItself(Conflict):
    """The order it came under takes it when its own money is there."""

    code, title, detail = (
        "suspense.settles_itself",
        "会自己转销",
        "这笔挂账属于一笔异地转入或者一笔退回单位的款，有了结果系统会自己转销，不能对冲。对方不带单号又汇来的，请把那一笔认领到这笔转入。",
    )
