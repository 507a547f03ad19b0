"""What the counter says no to 柜台事项拒绝."""

from __future__ import annotations

from services.core.errors import Conflict, Forbidden, NotFound


class Nobody(NotFound):
    """No member has this ID number."""

    code, detail = "counter.nobody", "没有这个证件号的账户。"


class OwnAccount(Forbidden):
    """Nobody does this for themselves."""

    code, title, detail = "counter.own_account", "这是您本人的账户", "本人账户的事要由同事办理。"


class NothingBound(Conflict):
    """There is no binding to end."""

    code, title, detail = "counter.not_bound", "没有绑定", "这位职工在这里没有绑定微信，不用解除。"


class ProposalOpen(Conflict):
    """One at a time for a member."""

    code, title, detail = (
        "counter.open",
        "有一件在等复核",
        "这位职工有一件事已经提出、在等复核。先复核或收回那一件。",
    )


class MovedOn(Conflict):
    """A colleague, or time, was faster."""

    code, title, detail = "counter.moved_on", "已经处理过了", "这件事刚刚被处理过，请看最新状态。"


class Lapsed(Conflict):
    """It waited too long: the person is no longer at the counter."""

    code, title, detail = "counter.lapsed", "过期了", "这件事提出太久、已经过期。请再核对本人证件，重新提出。"


class NotYours(Forbidden):
    """Only who proposed takes it back."""

    code, title, detail = "counter.not_yours", "不是您提出的", "只有提出的人能收回。要否决，请由复核的同事写明原因。"


class OwnProposal(Forbidden):
    """Four eyes."""

    code, title, detail = "counter.own_proposal", "要由另一个人复核", "不能复核自己提出的事，请同事来复核。"


class ProposerGone(Conflict):
    """Whose login is disabled is no first person any more."""

    code, title, detail = (
        "counter.proposer_gone",
        "提出的人已经停用",
        "提出的同事已经停用，这件事不能再确认。请否决，由另一位同事重新提出。",
    )


class BindingMoved(Conflict):
    """What is bound now is not what was seen."""

    code, title, detail = (
        "counter.binding_moved",
        "绑定变了",
        "提出以后这位职工的绑定变了。请否决或收回，看过现在的绑定再重新提出。",
    )


class PhoneMoved(Conflict):
    """The number was changed after somebody looked at it."""

    code, title, detail = (
        "counter.phone_moved",
        "手机号变了",
        "提出以后这位职工登记的手机号又改过。请否决或收回，问清本人再重新提出。",
    )
