"""Reply texts 回复文字: what is said to each intent. Names in braces are pages (PAGES) or facts of the person.

A line built on a fact that the person does not have is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wechat.inbound import Intent

PAGES: Mapping[str, tuple[str, str]] = {
    "home": ("home", "我的公积金"),
    "postings": ("postings", "账户明细"),
    "withdraw": ("home", "看我能提多少"),
    "progress_page": ("applications", "我的办理"),
    "proof": ("certificates", "我的证明"),
    "loan_page": ("loan", "我的贷款"),
    "cards": ("cards", "我的银行卡"),
    "bind": ("bind", "绑定账户"),
    "consents": ("consents", "我的授权"),
    "notices": ("notices", "发给我的通知"),
}
_BIND = "点这里，用姓名、身份证号和手机验证码绑定，一分钟就好：{bind}"
_STAFF = (
    "要找工作人员，请拨 12329（工作日 9:00–17:00）。也可以带身份证到任一网点办理。",
    "不管打电话还是在网点，我们都不会要您的验证码和银行卡密码。",
)
_BRANCHES = (
    "网点工作日 9:00–17:00 办公，周末和节假日休息。带本人身份证，任一网点都能办。",
    "离您最近的网点在哪里，请拨 12329 问。",
    "提取、证明和贷款查询在手机上就能办，不用跑：{home}",
)
_TRANSFER = (
    "换了城市工作，外地的公积金可以转过来：先在新单位开户并缴存，再带身份证到任一网点申请转移接续，也可以用“全国住房公积金”小程序。",
    "手机上还不能在这里办转移。要问清楚，请拨 12329。",
)
_INTEREST = "公积金存款每年 6 月 30 日结一次息，利息自动进您的账户。"
_CAN_SAY = (
    "您可以说：",
    "余额 — 看账户里有多少钱",
    "提取 — 租房、买房、退休取钱",
    "进度 — 办的事到哪一步了",
    "贷款、还款 — 还欠多少，下次哪天扣",
    "证明 — 开缴存证明",
    "人工 — 找工作人员",
    "或点这里：{home}",
)
_ELSEWHERE = {
    Intent.STAFF: _STAFF,
    Intent.BRANCHES: _BRANCHES,
    Intent.TRANSFER: _TRANSFER,
    Intent.OTHER: ("这句话我没有看懂。", *_CAN_SAY),
    Intent.UNHEARD: ("这段语音我没有听清，请打字告诉我。", *_CAN_SAY),
    Intent.PICTURE: (
        "图片我看不了，也不会保存。请不要在这里发身份证和银行卡的照片。",
        "办业务要交材料时，办理页面里有上传的地方：{home}",
        "想问什么，请打字告诉我。",
    ),
    Intent.PLACE: ("您的位置收到了，我们不保存。", *_BRANCHES),
    Intent.THANKS: ("不客气。有事随时说，比如“余额”“提取”“进度”。",),
}

UNBOUND: Mapping[Intent, tuple[str, ...]] = {
    **_ELSEWHERE,
    Intent.SUBSCRIBED: (
        "您好，这里是株洲住房公积金。",
        "查余额、租房提取、开缴存证明，在手机上几分钟就能办。",
        "第一次用请先绑定账户：{bind}",
    ),
    Intent.GREETING: ("您好。", "您还没有绑定公积金账户。", _BIND),
    Intent.BALANCE: ("绑定以后，这里直接告诉您余额。", _BIND),
    Intent.WITHDRAW: (
        "在本市没有房、连续缴存满 3 个月，可以租房提取，刷脸后几分钟到账。买房、还贷、退休也可以提取。",
        "能不能提、能提多少，绑定后马上看得到：{bind}",
    ),
    Intent.PROGRESS: ("绑定以后，这里直接告诉您办到哪一步。", _BIND),
    Intent.PROOF: ("绑定以后，缴存证明当场就能开，盖电子章，可以扫码验真。", _BIND),
    Intent.LOAN: ("绑定以后，能看还欠多少、下次哪天扣多少，也能试算还能贷多少。", _BIND),
    Intent.REPAY: ("绑定以后，这里直接告诉您下次哪天扣多少。", _BIND),
    Intent.INTEREST: (_INTEREST, "您账户里的利息，绑定后看得到：{bind}"),
    Intent.BIND: ("绑定要姓名、身份证号和单位登记的手机号，填一个短信验证码就好：{bind}",),
    Intent.UNBIND: (
        "这个微信现在没有绑定公积金账户。",
        "如果账户绑在另一个微信上，请在那个微信里解除，或带身份证到任一网点办理。",
    ),
    Intent.CARD: ("换收款卡要先绑定账户。", _BIND),
    Intent.PROFILE: ("看或者改登记的信息，要先绑定账户。", _BIND),
}
BOUND: Mapping[Intent, tuple[str, ...]] = {
    **_ELSEWHERE,
    Intent.SUBSCRIBED: ("欢迎回来。您的账户已经绑定，点这里看余额和办业务：{home}",),
    Intent.GREETING: ("您好。想办什么？可以说“余额”“提取”“进度”“贷款”“证明”，或点这里：{home}", "{progress}"),
    Intent.BALANCE: ("{balance}", "{held}", "{month}", "看每一笔缴存和提取：{postings}"),
    Intent.WITHDRAW: (
        "{usable}",
        "{cooling}",
        "{progress}",
        "每种提取有自己的条件和上限。点进去先看到数，再决定办不办：{withdraw}",
    ),
    Intent.PROGRESS: ("{progress}", "{nothing}", "每一步走到哪、还要多久：{progress_page}"),
    Intent.PROOF: ("缴存证明当场就能开，盖电子章，可以扫码验真：{proof}",),
    Intent.LOAN: ("{loan}", "{overdue}", "{no_loan}", "看还款计划、试算提前还款和还能贷多少：{loan_page}"),
    Intent.REPAY: (
        "{instalment}",
        "{overdue}",
        "{no_loan}",
        "想提前还、换还款卡或用公积金还贷：{loan_page}",
    ),
    Intent.INTEREST: (_INTEREST, "{interest}", "{loan_rate}", "每一笔利息都在这里：{postings}"),
    Intent.BIND: ("这个微信已经绑定了您的公积金账户，不用再绑。点这里直接用：{home}",),
    Intent.UNBIND: (
        "解除绑定：在“我的授权”最下面，点“解除”：{consents}",
        "解除以后，这里不再显示您的账户，钱不受影响。不是您本人要解除？请拨 12329。",
    ),
    Intent.CARD: ("看和更换收款卡要刷脸，新卡过一天才能收款，是为了您的钱安全：{cards}",),
    Intent.PROFILE: ("登记的信息在这里看：{home}", "改姓名或身份证号，请带身份证到任一网点。"),
}


@dataclass(frozen=True, slots=True)
class CardShape:
    """How a card is made of facts; without its title there is no card."""

    title: str
    lines: tuple[str, ...]
    page: str


# By intent and whether the person is bound: where one page is the answer, a card opens it.
CARDS: Mapping[tuple[Intent, bool], CardShape] = {
    (Intent.SUBSCRIBED, False): CardShape(
        "欢迎关注，先绑定账户",
        (
            "查余额、租房提取、开缴存证明，在手机上几分钟就能办。",
            "点这里，用姓名、身份证号和手机验证码绑定。",
        ),
        "bind",
    ),
    (Intent.BIND, False): CardShape(
        "绑定公积金账户",
        ("要姓名、身份证号和单位登记的手机号，填一个短信验证码就好。", "我们不会要您的银行卡密码。"),
        "bind",
    ),
    (Intent.PROGRESS, True): CardShape("{case}", ("{case_more}", "点这里看每一步走到哪。"), "progress_page"),
}
