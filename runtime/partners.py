"""Partners 外部单位: how each is reached, from the settings to what its adapter takes."""

from __future__ import annotations

from config.settings import Settings
from services.settlement.adapters.bdc.config import BdcConfig
from wechat.client import WeChatClient
from wechat.config import CallbackConfig, WeChatConfig
from wechat.template_messages import ByConsent

WECHAT_TEMPLATES = (
    "contribution",
    "interest",
    "news",
    "review",
    "settlement_paid",
    "settlement_returned",
    "loan_repaid",
    "security",
    "certificate",
    "transfer_arrived",
)


def public_account(settings: Settings) -> WeChatConfig:
    """The public account."""
    return WeChatConfig(
        appid=settings.wechat_appid,
        secret=settings.secret("wechat_secret"),
        api_base_url=settings.wechat_api_base_url,
        open_base_url=settings.wechat_open_base_url,
        public_base_url=settings.public_base_url,
        template_ids={name: getattr(settings, f"wechat_template_{name}") for name in WECHAT_TEMPLATES},
    )


def mini_program(settings: Settings) -> WeChatConfig:
    """The mini-program; its secret is needed only where the centre offers its face verification."""
    return WeChatConfig(
        appid=settings.wechat_mini_appid,
        secret=settings.secret("wechat_mini_secret") if "wechat" in settings.faces_offered else "",
        api_base_url=settings.wechat_api_base_url,
    )


def callbacks(settings: Settings) -> dict[str, CallbackConfig]:
    """What opens WeChat's callbacks, by app; the mini-program has none where the centre does without it."""
    own = {
        "account": CallbackConfig(
            settings.wechat_appid,
            settings.wechat_original_id,
            settings.secret("wechat_token"),
            settings.secret("wechat_aes_key"),
        )
    }
    if "wechat" in settings.faces_offered:
        own["mini"] = CallbackConfig(
            settings.wechat_mini_appid,
            settings.wechat_mini_original_id,
            settings.secret("wechat_mini_token"),
            settings.secret("wechat_mini_aes_key"),
            app="mini",
        )
    return own


def settlement_node(settings: Settings) -> BdcConfig:
    """The settlement node."""
    return BdcConfig(
        host=settings.bdc_host,
        port=settings.bdc_port,
        notice_port=settings.bdc_notice_port,
        node=settings.bdc_node,
        tx_unit_no=settings.bdc_tx_unit_no,
        cust_no=settings.bdc_cust_no,
        oper_no=settings.bdc_oper_no,
        password=settings.secret("bdc_password"),
        sign_on_key=bytes.fromhex(settings.secret("bdc_sign_on_key")),
        pay_account_no=settings.bdc_pay_account_no,
        pay_account_name=settings.bdc_pay_account_name,
        settlement_node=settings.bdc_settlement_node,
        bank_node=settings.bdc_bank_node,
        read_timeout_s=settings.bdc_answer_timeout_s,
    )


def by_consent(settings: Settings, account: WeChatClient, mini: WeChatClient) -> dict[str, ByConsent]:
    """Ways to members who do not follow the account but agreed to a message."""
    formal = {"miniprogram_state": "formal", "lang": "zh_CN"}
    return {
        "subscribe": ByConsent(account, "message/subscribe/bizsend", settings.subscribe_template_ids),
        "mini": ByConsent(mini, "message/subscribe/send", settings.mini_template_ids, formal),
    }
