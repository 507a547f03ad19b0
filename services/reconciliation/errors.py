"""What the break desk says no to 差错处理拒绝."""

from __future__ import annotations

from services.core.errors import Conflict, Forbidden


class BreakTaken(Conflict):
    """Somebody else was faster, or it has moved on."""

    code, title, detail = "break.moved_on", "差错状态变了", "这笔差错刚刚被同事处理过，请看最新状态。"


class ProposalMoved(Conflict):
    """What waits for the second person now is not what they looked at."""

    code, title, detail = "break.proposal_moved", "意见变了", "处理意见在您看的时候换了新的，请看过再定。"


class NotYourBreak(Forbidden):
    """Only who took it proposes."""

    code, title, detail = "break.not_yours", "不是您领取的", "先领取这笔差错，才能提出处理意见。"


class OwnProposal(Forbidden):
    """Four eyes."""

    code, title, detail = (
        "break.own_proposal",
        "要由另一个人复核",
        "不能复核自己提出的处理意见，请同事来复核。",
    )


class ProposerGone(Conflict):
    """Whose login is disabled is no first person any more."""

    code, title, detail = (
        "break.proposer_gone",
        "提出的人已经停用",
        "提出意见的同事已经停用，这条意见不能再确认。请退回，由另一位同事重新提出。",
    )


class OwnMoney(Forbidden):
    """Nobody decides on a difference in their own account."""

    code, title, detail = "break.own_money", "涉及您本人的账户", "涉及本人账户的差错要由同事办理。"


class NothingToBook(Conflict):
    """Bank and books differ by nothing here."""

    code, title, detail = (
        "break.nothing_to_book",
        "没有要调的账",
        "银行和账面金额一样，不用调账。请选“已查明，不用记账”。",
    )


class StatementDiffers(NothingToBook):
    """Lines and balances of a statement differ, by no movement that is known; the whole statement cures it."""

    title, detail = (
        "流水合计对不上，不能调账",
        "这是流水的逐笔合计和余额对不上，不是哪一笔进出的差额。请向银行要完整的流水，补来的各笔系统会自己记账，现在调账就会记两次。已有的各笔可以采信的，请选“已查明，不用记账”。",
    )


class BookedSince(Conflict):
    """What the break was about has been booked under its own order meanwhile."""

    code, title, detail = (
        "break.booked_since",
        "已经入账了",
        "这笔流水后来已经由它自己的业务入了账，再调账就记了两次。请选“已查明，不用记账”。",
    )


class BookedLater(Conflict):
    """An order that is open will book it when its time comes."""

    code, title, detail = (
        "break.booked_later",
        "业务还没办完，会自己入账",
        "这笔流水属于一笔还没办完的业务，有了结果系统会自己入账，现在调账就会记两次。请选“已查明，不用记账”。",
    )


class NotTakenIn(BookedLater):
    """Its statement does not add up, so its lines are kept and nothing was read from them yet."""

    code, title, detail = (
        "break.not_taken_in",
        "流水还没有采信",
        "这一天的流水控制总额对不上，系统还没有按它记账。请先处理“流水控制总额不符”那笔差错；流水采信以后，系统能入账的会自己入账，剩下的再来处理。",
    )


class NotAReturn(Conflict):
    """What came in is neither the return of that payment, nor the money of that letter, nor an employer's."""

    code, title, detail = (
        "break.not_a_return",
        "对不上这笔付款、转入或单位",
        "只有没带业务流水号的入账，才能认领到一笔同样金额、已经付出的付款，一笔对方已经来信、还在等钱的异地转入，一笔被对方收回过同样金额、钱还没有再到的异地转入，或者一个单位的汇缴。",
    )


class NotTheOrders(Conflict):
    """It is about a movement, or about nothing of ours; the order has a break of its own."""

    code, title, detail = (
        "break.not_the_orders",
        "要在指令自己的差错里确认",
        "“确认未付”只用在指令自己的那笔差错（状态不符，银行没有进出）。付错账户或金额的进出，在这里按银行流水调账；指令自己的差错，在它发出后一个完整银行日的流水到了以后出现。",
    )


class OrderMoved(Conflict):
    """Only what is accepted or unknown can be said not to have been carried out."""

    code, title, detail = (
        "break.order_moved",
        "指令已经不在等结果",
        "只有“银行已受理”或“结果待查”的指令才能确认未付。请看它现在的状态；已经有结果的，请选“已查明，不用记账”。",
    )


class UnpaidTooEarly(Conflict):
    """The bank may still book it: a whole day after it was sent has to be over, with its statement."""

    code, title, detail = (
        "break.unpaid_too_early",
        "流水还没有到齐",
        "指令发出当天和下一个银行日的流水都到了、控制总额对上或已经采信，才能确认未付。",
    )


class CarriedOut(Conflict):
    """The bank has told of just this money under just this number."""

    code, title, detail = (
        "break.carried_out",
        "银行报过这笔钱",
        "银行报过同一业务流水号、同样金额、账户也相符的进出，不能确认未付。请先把那一笔查清。",
    )
