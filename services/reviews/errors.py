"""What the desk says no to 审核台拒绝."""

from __future__ import annotations

from services.core.errors import Conflict, Forbidden


class ClaimedAlready(Conflict):
    """Somebody else was faster."""

    code, title, detail = "review.claimed_already", "已经有人领取", "这笔业务刚刚被同事领走了。"


class NotYours(Forbidden):
    """Only who claimed the case may do this."""

    code, title, detail = "review.not_yours", "不是您领取的", "先领取这笔业务，才能提出意见。"


class OwnProposal(Forbidden):
    """Four eyes: nobody confirms what they proposed."""

    code, title, detail = "review.own_proposal", "要由另一个人复核", "不能复核自己提出的意见，请同事来复核。"


class OwnCase(Forbidden):
    """Nobody works on their own case."""

    code, title, detail = "review.own_case", "这是您本人的业务", "本人的业务要由同事办理。"


class OpinionPending(Conflict):
    """An opinion waits for the second person."""

    code, title, detail = "review.opinion_pending", "正在等复核", "这笔业务已经有意见在等复核。"


class NothingPending(Conflict):
    """There is no opinion to decide on."""

    code, title, detail = "review.nothing_pending", "没有待复核的意见", "意见已经处理过了，请刷新。"


class OpinionMoved(Conflict):
    """What waits for the second person now is not what they looked at."""

    code, title, detail = "review.opinion_moved", "意见变了", "初审意见在您看的时候换了新的，请看过再定。"


class NotUnderReview(Conflict):
    """The case has moved on, by the member or by a colleague."""

    code, title, detail = (
        "review.not_under_review",
        "不在审核中",
        "这笔业务已经不在审核中，请刷新看最新状态。",
    )


class AmountMoved(Conflict):
    """What would be paid today is not what the first person looked at."""

    code, title = "review.amount_moved", "金额变了"


class RefusedNow(Conflict):
    """The rules allowed it when it was asked for, and do not as things stand."""

    code, title = "review.refused_now", "现在批不了"


class AskedEnough(Conflict):
    """One more request would not help."""

    code, title, detail = (
        "review.asked_enough",
        "已经请本人补过几次",
        "这笔业务已经请本人补过 5 次材料。请提出意见，或者打电话和本人说清楚。",
    )
