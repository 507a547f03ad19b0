"""The client's pages 页面清单: whose page, its address, and what is tapped and filled in before it is looked at.

Both the gallery and the check of every page go through this list; a page of client/src/pages.json that is not in it is
a fault of the check.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from bench.cameras import REFUSALS
from config.settings import ROOT

MODES = ("normal", "elder", "dark")
"""How a page is looked at: elder mode is what the member chose, dark mode what the phone is set to."""


@dataclass(frozen=True, slots=True)
class Move:
    """One thing a member does on a page; left out where the page does not offer it, unless it is a must."""

    testid: str
    text: str | None = None
    must: bool = True


@dataclass(frozen=True, slots=True)
class Shot:
    """One page of one member. `{name}` in the place is an application made for this run (bench.page_cases); `camera` is a
    scene of bench.cameras; `until` what has to be there before anybody looks, where the page does not come to rest."""

    name: str
    title: str
    who: str
    place: str
    moves: tuple[Move, ...] = ()
    camera: str = ""
    until: str = ""

    @property
    def passing(self) -> bool:
        """What it shows goes by while the camera runs: there for a picture, not for a long look."""
        return bool(self.camera) and self.camera not in REFUSALS

    @property
    def page(self) -> str:
        """The page's name in pages.json."""
        return self.place.split("/", 1)[0]


_AGREE = Move("consent-agree", must=False)


def _item(code: str, title: str, who: str, *moves: Move) -> Shot:
    return Shot(f"item-{code}", title, who, f"item/item?code={code}", (_AGREE, *moves))


def _face(camera: str, title: str, until: str) -> Shot:
    place = "face/face?application={facing}&consent={consent}"
    return Shot(f"face-{camera}", title, "case-facing", place, (Move("face-start"),), camera, until)


SHOTS: tuple[Shot, ...] = (
    Shot("bind", "找到账户", "stranger", "bind/bind"),
    Shot(
        "bind-faults",
        "找到账户：填得不对",
        "stranger",
        "bind/bind",
        (Move("bind-name", "钱"), Move("bind-id-no", "430202199001011234"), Move("send-code")),
    ),
    Shot("home", "首页", "zheng", "home/home"),
    Shot("home-going", "首页：有事在办", "case-waiting", "home/home"),
    Shot("home-search", "首页：找一找", "zheng", "home/home", (Move("find", "还贷"),)),
    Shot("postings", "账户明细", "zheng", "postings/postings", (Move("narrow"),)),
    Shot("statement", "年度对账单", "zheng", "statement/statement"),
    Shot("loan", "我的贷款", "zheng", "loan/loan", (Move("prepay-count", must=False),)),
    Shot("calculator", "我能提多少", "zheng", "calculator/calculator"),
    Shot("calculator-loan", "贷款要还多少", "zheng", "calculator/calculator?tab=loan"),
    Shot("applications", "我的办理", "case-paid", "applications/applications"),
    Shot("applications-none", "我的办理：还没有", "zheng", "applications/applications"),
    Shot("cards", "我的银行卡", "zheng", "cards/cards"),
    Shot("certificates", "我的证明", "case-paid", "certificates/certificates"),
    Shot("certificates-none", "我的证明：还没有", "feng", "certificates/certificates"),
    Shot("notices", "发给我的通知", "case-paid", "notices/notices"),
    Shot("subscriptions", "通知订阅", "zheng", "subscriptions/subscriptions"),
    Shot("consents", "我的授权", "case-paid", "consents/consents"),
    Shot("datalog", "谁看过我的信息", "zheng", "datalog/datalog"),
    Shot("controls", "提取锁和限额", "zhang", "controls/controls", (Move("lock-close"),)),
    Shot(
        "controls-locked",
        "提取锁：锁着",
        "feng",
        "controls/controls",
        (Move("lock-close", must=False), Move("lock-yes", must=False)),
    ),
    Shot(
        "controls-limit",
        "每日限额：设了",
        "case-returned",
        "controls/controls",
        (Move("limit-typed", "5000"), Move("limit-save")),
    ),
    Shot("settings", "设置", "zheng", "settings/settings"),
    Shot("settings-leave", "设置：退出登录", "case-paid", "settings/settings", (Move("leave"),)),
    Shot("settings-english", "设置：英文", "zheng", "settings/settings", (Move("speak-en"),)),
    Shot("left", "已经退出", "zheng", "trouble/trouble?left=yes"),
    Shot(
        "relatives",
        "帮家人办",
        "case-paid",
        "relatives/relatives",
        (
            Move("relative-end", must=False),
            Move("relative-label", "女儿"),
            Move("relative-invite"),
        ),
    ),
    Shot("helped", "家人的进度", "case-paid", "helped/helped?link={helped}"),
    Shot("points", "服务网点", "zheng", "points/points"),
    Shot("look-ups", "先问能不能查", "case-fresh", "item/item?code=rent-withdrawal"),
    _item("purchase-withdrawal", "1 购房提取", "sun"),
    _item("fund-loan-withdrawal", "2 偿还公积金贷款提取", "zheng"),
    _item("commercial-loan-withdrawal", "3 偿还商贷提取", "li"),
    _item("repayment-agreement", "4 约定提取、冲还贷", "zheng"),
    _item("rent-withdrawal", "5 租房提取", "zhang", Move("field-amount_fen", "3000")),
    _item("retirement-withdrawal", "6 离退休提取", "zhou"),
    _item("leaving-withdrawal", "7 离职提取", "wu"),
    _item("elevator-withdrawal", "8 加装电梯提取", "li"),
    _item("property-fee-withdrawal", "9 物业费提取", "li"),
    _item("partial-prepayment", "10 提前部分还款", "zheng"),
    _item("loan-settlement", "11 提前结清", "zheng"),
    _item("repayment-account-change", "12 还款账号变更", "zheng"),
    _item("contribution-certificate", "13 缴存证明", "zhang"),
    _item("other-city-certificate", "13 异地贷款缴存使用证明", "zhang"),
    _item("loan-settled-certificate", "14 结清证明", "feng"),
    _item("phone-change", "15 手机号变更", "zhang"),
    _item("payee-card-change", "15 收款卡变更", "zhang"),
    _item("withdrawal-unlock", "解除提取锁", "feng"),
    _item("limit-raise", "调高每日限额", "zhang"),
    _item("transfer-in", "16 异地转移接续", "zhang"),
    Shot("refused", "不能办的时候", "li", "item/item?code=rent-withdrawal", (_AGREE,)),
    Shot(
        "too-much",
        "填多了",
        "zhang",
        "item/item?code=rent-withdrawal",
        (_AGREE, Move("field-amount_fen", "99999"), Move("next")),
    ),
    Shot(
        "check",
        "核对一下",
        "zhang",
        "item/item?code=rent-withdrawal",
        (_AGREE, Move("field-amount_fen", "3000"), Move("next")),
    ),
    Shot("check-none", "核对：没有内容", "zheng", "check/check?code=rent-withdrawal"),
    Shot("consent", "刷脸之前", "case-verifying", "consent/consent?application={verifying}"),
    Shot(
        "other-way",
        "换个办法",
        "case-verifying",
        "consent/consent?application={verifying}",
        (Move("face-other-way"),),
    ),
    Shot("face", "刷脸确认", "case-verifying", "face/face?application={verifying}&consent={consent}"),
    _face("good", "刷脸：屏幕换颜色", '[data-stage="capturing"] .oval_live'),
    _face("far", "刷脸：太远", '[data-hint="far"]'),
    _face("dark", "刷脸：太暗", '[data-hint="dark"]'),
    _face("many", "刷脸：两张脸", '[data-hint="many"]'),
    _face("denied", "刷脸：没让用摄像头", '[data-testid="face-trouble"]'),
    _face("missing", "刷脸：没有摄像头", '[data-testid="face-trouble"]'),
    Shot("code", "用银行卡和短信", "case-verifying", "code/code?application={verifying}"),
    Shot(
        "code-card-refused",
        "银行卡没核对上",
        "case-frozen",
        "code/code?application={frozen}",
        (Move("send-code"),),
    ),
    Shot("receipt-verifying", "进度：等刷脸", "case-verifying", "receipt/receipt?id={verifying}"),
    Shot("receipt-waiting", "进度：等付款", "case-waiting", "receipt/receipt?id={waiting}"),
    Shot("receipt-stop", "撤销付款", "case-waiting", "receipt/receipt?id={waiting}", (Move("cancel"),)),
    Shot("receipt-paid", "到账", "case-paid", "receipt/receipt?id={paid}"),
    Shot("receipt-rating", "评价", "case-paid", "receipt/receipt?id={paid}", (Move("rating-2", must=False),)),
    Shot("receipt-returned", "银行退回", "case-returned", "receipt/receipt?id={returned}"),
    Shot("receipt-certificate", "证明开好了", "case-paid", "receipt/receipt?id={certificate}"),
    Shot(
        "receipt-missing", "找不到的办理", "zheng", "receipt/receipt?id=00000000-0000-7000-8000-000000000000"
    ),
    Shot("home-english", "首页：英文", "zheng", "home/home", (Move("language"),)),
    Shot("trouble", "没有连上", "zheng", "trouble/trouble"),
)


def page_names() -> set[str]:
    """Every page the client has."""
    told = json.loads((ROOT / "client" / "src" / "pages.json").read_text(encoding="utf-8"))
    return {page["path"].split("/")[1] for page in told["pages"]}
