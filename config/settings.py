"""Settings 配置: one object, read from ANJU_* variables and secret files, checked as a whole at start."""

from __future__ import annotations

import tomllib
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import SettingsConfigDict

from config.production import OWN_KEYS, debugging, key_fault, open_lines, other_roles, unsaid
from config.sms_settings import NOT_THE_SANDBOXS_SMS, SANDBOX_SMS_SECRETS, SmsSettings, sms_faults
from config.sms_settings import needed as needed_for_sms

ROOT = Path(__file__).resolve().parent.parent
SANDBOX = tomllib.loads((ROOT / "config" / "sandbox.toml").read_text(encoding="utf-8"))
OFFICIAL_WECHAT_API = "https://api.weixin.qq.com"
OFFICIAL_WECHAT_OPEN = "https://open.weixin.qq.com"
OFFICIAL_JWEIXIN = "https://res.wx.qq.com/open/js/jweixin-1.6.0.js"


def _port(name: str) -> int:
    return int(SANDBOX["ports"][name])


def _local(name: str) -> str:
    return f"http://127.0.0.1:{_port(name)}"


class SettingsFault(Exception):
    """The settings cannot be used; the text lists every fault, never a secret."""


class Settings(SmsSettings):
    """Everything that differs between places; development defaults point at the sandbox servers."""

    model_config = SettingsConfigDict(env_prefix="ANJU_", extra="ignore", frozen=True)

    env: Literal["development", "production"] = Field("development", description="where it runs")
    home: Path = Field(ROOT / "var", description="folder for data, logs and secrets")
    secrets_dir: Path | None = Field(None, description="one file a secret; default HOME/secrets")
    database_url: SecretStr = Field(
        SecretStr(""), validation_alias="DATABASE_URL", description="PostgreSQL as role anju_app"
    )
    database_web_url: SecretStr = Field(
        SecretStr(""), description="PostgreSQL as anju_web, for the member zone: it sees one member's rows"
    )
    database_owner_url: SecretStr = Field(
        SecretStr(""), description="PostgreSQL as anju_owner, for migrations"
    )
    database_face_url: SecretStr = Field(SecretStr(""), description="PostgreSQL as anju_face")
    database_pool: int = Field(8, ge=1, le=64, description="connections of one process")
    database_pooler: bool = Field(
        False, description="a PgBouncer in transaction mode stands before PostgreSQL"
    )
    public_base_url: str = Field(_local("web"), description="how phones reach the member zone")
    web_bind: str = Field(f"127.0.0.1:{_port('web')}", description="address the web server listens on")
    web_most_wait_ms: int = Field(
        2500,
        ge=0,
        le=4000,
        description="a member's request that waited longer for its turn is answered 503 with Retry-After; 0 = never",
    )
    staff_base_url: str = Field(_local("staff"), description="how staff reach the review desk")
    staff_bind: str = Field(f"127.0.0.1:{_port('staff')}", description="address the desk's server listens on")
    proxy_hops: int = Field(
        0, ge=0, le=3, description="proxies in front, each adding the caller to X-Forwarded-For"
    )
    client_dir: Path = Field(ROOT / "client" / "dist" / "build" / "h5", description="built phone page")
    clock_offset_file: Path | None = Field(None, description="development only: seconds added to the clock")
    log_level: Literal["DEBUG", "INFO", "WARNING"] = Field("INFO", description="least level logged")

    wechat_api_base_url: str = Field(_local("wechat"), description="WeChat server API")
    wechat_open_base_url: str = Field(_local("wechat"), description="WeChat web authorisation")
    wechat_jweixin_url: str = Field(_local("wechat") + "/jweixin.js", description="JS-SDK the page loads")
    wechat_appid: str = Field(SANDBOX["wechat"]["appid"], description="public account appid")
    wechat_original_id: str = Field(SANDBOX["wechat"]["original_id"], description="public account gh_ id")
    wechat_mini_appid: str = Field(SANDBOX["wechat"]["mini_appid"], description="mini-program appid")
    wechat_mini_original_id: str = Field(
        SANDBOX["wechat"]["mini_original_id"], description="mini-program gh_ id"
    )
    wechat_domain_files: Path | None = Field(
        None, description="folder of the MP_verify_*.txt files; default HOME/wechat-domain"
    )
    wechat_template_settlement_paid: str = Field("tpl-settlement-paid", description="template 提取到账")
    wechat_template_settlement_returned: str = Field(
        "tpl-settlement-returned", description="template 提取退回"
    )
    wechat_template_loan_repaid: str = Field("tpl-loan-repaid", description="template 公积金还贷")
    wechat_template_security: str = Field("tpl-security", description="template 账户安全")
    wechat_template_review: str = Field("tpl-review", description="template 审核结果")
    wechat_template_certificate: str = Field("tpl-certificate", description="template 证明开具")
    wechat_template_contribution: str = Field("tpl-contribution", description="template 缴存到账")
    wechat_template_interest: str = Field("tpl-interest", description="template 结息")
    wechat_template_news: str = Field("tpl-news", description="template 政策消息")
    wechat_template_transfer_arrived: str = Field("tpl-transfer-arrived", description="template 异地转移到账")

    wechat_subscribe_templates: str = Field(
        "settlement_paid=tpl-settlement-paid,settlement_returned=tpl-settlement-returned,security=tpl-security",
        pattern=r"^([a-z_]+=[A-Za-z0-9_-]+(,[a-z_]+=[A-Za-z0-9_-]+)*)?$",
        description="subscribe notifications of the public account: name=template id, by commas",
    )
    wechat_mini_templates: str = Field(
        "settlement_paid=tpl-settlement-paid,settlement_returned=tpl-settlement-returned,security=tpl-security",
        pattern=r"^([a-z_]+=[A-Za-z0-9_-]+(,[a-z_]+=[A-Za-z0-9_-]+)*)?$",
        description="subscribe messages of the mini-program: name=template id, by commas; the first three are asked for",
    )

    face_methods: str = Field(
        "camera,wechat",
        pattern="^(camera|wechat)(,(camera|wechat))?$",
        description="ways to verify a face the centre offers: camera (page in the public account), wechat (mini-program)",
    )
    face_matcher: Literal["fused", "face_recognition"] = Field(
        "fused",
        description="who compares faces: fused (MobileFaceNet and face_recognition) or face_recognition alone (docs/licences.md)",
    )

    sms_endpoint: str = Field(f"127.0.0.1:{_port('sms')}", description="Tencent Cloud SMS host")
    sms_scheme: Literal["http", "https"] = Field("http", description="https outside development")
    sms_secret_id: str = Field(SANDBOX["sms"]["secret_id"], description="Tencent Cloud secret id")
    sms_app_id: str = Field(SANDBOX["sms"]["app_id"], description="SMS application id")
    sms_sign_name: str = Field(SANDBOX["sms"]["sign_name"], description="SMS signature")
    sms_template_sms_code: str = Field("2000001", description="template id 验证码")
    sms_template_settlement_paid: str = Field("2000002", description="template id 提取到账")
    sms_template_settlement_returned: str = Field("2000003", description="template id 提取退回")
    sms_template_loan_repaid: str = Field("2000031", description="template id 公积金还贷")
    sms_template_loan_card_changed: str = Field("2000032", description="template id 还款卡变更")
    sms_template_card_changed: str = Field("2000004", description="template id 收款卡变更")
    sms_template_phone_changed: str = Field("2000033", description="template id 手机号变更")
    sms_template_phone_left: str = Field("2000034", description="template id 手机号变更（发到原号码）")
    sms_template_certificate_issued: str = Field("2000005", description="template id 证明开具")
    sms_template_bound: str = Field("2000006", description="template id 绑定成功")
    sms_template_unbound: str = Field("2000007", description="template id 解除绑定")
    sms_template_review_refused: str = Field("2000020", description="template id 审核没有通过")
    sms_template_operation_code: str = Field("2000011", description="template id 办理验证码")
    sms_template_payment_waiting: str = Field("2000012", description="template id 提取等待付款")
    sms_template_payment_stopped: str = Field("2000013", description="template id 提取已撤销")
    sms_template_face_stranger: str = Field("2000014", description="template id 刷脸不是本人")
    sms_template_contribution_posted: str = Field("2000041", description="template id 缴存到账")
    sms_template_interest_posted: str = Field("2000042", description="template id 结息到账")
    sms_template_policy_news: str = Field("2000043", description="template id 政策消息")
    sms_template_transfer_refused: str = Field("2000051", description="template id 异地转移没有办成")
    sms_template_transfer_silent: str = Field("2000052", description="template id 对方中心没有答复")
    sms_template_transfer_arrived: str = Field("2000053", description="template id 异地转移到账")
    sms_template_loan_repaid_by_card: str = Field("2000061", description="template id 还款卡还贷")
    sms_template_card_not_collected: str = Field("2000062", description="template id 还款卡没有扣成")
    sms_template_instalment_due: str = Field("2000063", description="template id 还款提醒")
    sms_template_instalment_paid: str = Field("2000064", description="template id 本期还款")
    sms_template_instalment_failed: str = Field("2000065", description="template id 还款没扣上")
    sms_template_agreement_signed: str = Field("2000069", description="template id 约定已签")
    sms_template_agreement_changed: str = Field("2000070", description="template id 约定已变更")
    sms_template_agreement_short: str = Field("2000066", description="template id 冲还余额不足")
    sms_template_agreement_ended: str = Field("2000067", description="template id 约定已终止")
    sms_template_lock_closed: str = Field("2000071", description="template id 提取锁已上锁")
    sms_template_lock_opening: str = Field("2000072", description="template id 正在解除提取锁")
    sms_template_lock_opened: str = Field("2000073", description="template id 提取锁已打开")
    sms_template_limit_lowered: str = Field("2000074", description="template id 每日限额已调低")
    sms_template_limit_raised: str = Field("2000075", description="template id 每日限额将调高")
    sms_template_review_asked: str = Field("2000076", description="template id 请补一份材料")
    sms_template_rating_answered: str = Field("2000077", description="template id 评价有答复")
    sms_template_relative_joined: str = Field("2000078", description="template id 家人可以看进度")
    sms_template_deduction_taken_back: str = Field("2000068", description="template id 扣款被冲回")

    face_keep_templates: bool = Field(
        False, description="keep an encrypted descriptor of members who agree to it (docs/adr/0015)"
    )
    face_people_alarm: int = Field(
        100_000, ge=0, description="people with stored face data from which filing is due; 0 = no alarm"
    )

    share_base_url: str = Field(_local("share"), description="data-sharing exchange")
    share_centre_id: str = Field(SANDBOX["share"]["centre_id"], description="our id at the exchange")
    city_code: str = Field("430200", description="administrative code of the city")

    bdc_host: str = Field("127.0.0.1", description="settlement node host")
    bdc_port: int = Field(_port("settlement"), description="settlement node business port")
    bdc_notice_port: int = Field(_port("settlement_notice"), description="settlement node notice port")
    bdc_node: str = Field(SANDBOX["bdc"]["node"], description="our node number")
    bdc_settlement_node: str = Field(SANDBOX["bdc"]["settlement_node"], description="settlement system node")
    bdc_bank_node: str = Field(SANDBOX["bdc"]["bank_node"], description="receiving bank node")
    bdc_tx_unit_no: str = Field(SANDBOX["bdc"]["tx_unit_no"], description="TxUnitNo")
    bdc_cust_no: str = Field(SANDBOX["bdc"]["cust_no"], description="CustNo")
    bdc_oper_no: str = Field(SANDBOX["bdc"]["oper_no"], description="OperNo")
    bdc_pay_account_no: str = Field(
        SANDBOX["bdc"]["pay_account_no"], description="the centre's paying account"
    )
    bdc_pay_account_name: str = Field(SANDBOX["bdc"]["pay_account_name"], description="its name")
    bdc_pay_bank_code: str = Field(SANDBOX["bdc"]["pay_bank_code"], description="its bank")
    bdc_pay_bank_name: str = Field(
        SANDBOX["bdc"]["pay_bank_name"], description="name of that bank, for letters"
    )
    bdc_answer_timeout_s: float = Field(10.0, gt=0, le=60, description="wait for an answer")

    @property
    def subscribe_template_ids(self) -> dict[str, str]:
        """Ids of the public account's subscribe notifications, by our names."""
        return dict(pair.split("=") for pair in self.wechat_subscribe_templates.split(",") if pair)

    @property
    def mini_template_ids(self) -> dict[str, str]:
        """Subscribe messages of the mini-program, by name."""
        return dict(pair.split("=") for pair in self.wechat_mini_templates.split(",") if pair)

    @property
    def faces_offered(self) -> frozenset[str]:
        """Ways to verify a face that the centre offers."""
        return frozenset(self.face_methods.split(","))

    @property
    def web_url(self) -> str:
        """The member zone's database; in development any role serves."""
        return self.database_web_url.get_secret_value() or self.database_url.get_secret_value()

    @cached_property
    def secrets_path(self) -> Path:
        """Folder of the secret files."""
        return self.secrets_dir or self.home / "secrets"

    @property
    def wechat_domain_path(self) -> Path:
        """Folder of WeChat's domain files."""
        return self.wechat_domain_files or self.home / "wechat-domain"

    def secret(self, name: str) -> str:
        """Text of one secret file; in development the sandbox's value where no file is there."""
        path = self.secrets_path / name
        if path.exists():
            return path.read_text(encoding="utf-8").strip()
        if self.env == "development" and name in SANDBOX_SECRETS:
            return str(SANDBOX_SECRETS[name])
        raise SettingsFault(f"secret file missing: {name}")

    @model_validator(mode="after")
    def _check_production(self) -> Settings:
        if self.env == "production":
            faults = list(_production_faults(self))
            if faults:
                raise ValueError("; ".join(faults))
        return self


NOT_THE_SANDBOXS = (
    "wechat_appid",
    "wechat_mini_appid",
    "wechat_mini_original_id",
    "wechat_original_id",
    "wechat_template_settlement_paid",
    "wechat_template_settlement_returned",
    "wechat_template_security",
    "wechat_template_certificate",
    "wechat_template_review",
    "wechat_template_transfer_arrived",
    "wechat_template_contribution",
    "wechat_template_interest",
    "wechat_template_news",
    "wechat_template_loan_repaid",
    "wechat_subscribe_templates",
    "wechat_mini_templates",
    *NOT_THE_SANDBOXS_SMS,
    *(name for name in Settings.model_fields if name.startswith("sms_template_")),
    "share_base_url",
    "bdc_tx_unit_no",
    "bdc_cust_no",
    "bdc_oper_no",
    "bdc_pay_account_no",
)
SANDBOX_SECRETS = {
    "wechat_secret": SANDBOX["wechat"]["secret"],
    "wechat_mini_secret": SANDBOX["wechat"]["mini_secret"],
    "wechat_token": SANDBOX["wechat"]["token"],
    "wechat_aes_key": SANDBOX["wechat"]["aes_key"],
    "wechat_mini_token": SANDBOX["wechat"]["mini_token"],
    "wechat_mini_aes_key": SANDBOX["wechat"]["mini_aes_key"],
    **SANDBOX_SMS_SECRETS,
    "share_key": SANDBOX["share"]["key"],
    "bdc_password": SANDBOX["bdc"]["password"],
    "bdc_sign_on_key": SANDBOX["bdc"]["sign_on_key"],
}


def _production_faults(settings: Settings) -> list[str]:
    faults = []
    if not settings.public_base_url.startswith("https://"):
        faults.append("ANJU_PUBLIC_BASE_URL must be https")
    if not settings.staff_base_url.startswith("https://"):
        faults.append("ANJU_STAFF_BASE_URL must be https")
    if settings.wechat_api_base_url != OFFICIAL_WECHAT_API:
        faults.append("ANJU_WECHAT_API_BASE_URL must be the official host")
    if settings.wechat_open_base_url != OFFICIAL_WECHAT_OPEN:
        faults.append("ANJU_WECHAT_OPEN_BASE_URL must be the official host")
    if not settings.wechat_jweixin_url.startswith("https://res.wx.qq.com/"):
        faults.append("ANJU_WECHAT_JWEIXIN_URL must be the official script")
    if not settings.database_web_url.get_secret_value():
        faults.append("ANJU_DATABASE_WEB_URL must name the member zone's own role")
    if not settings.share_base_url.startswith("https://"):
        faults.append("ANJU_SHARE_BASE_URL must be https")
    faults.extend((*sms_faults(settings), *other_roles(settings), *open_lines(settings)))
    faults.extend((*unsaid(settings), *debugging()))
    if settings.clock_offset_file is not None:
        faults.append("ANJU_CLOCK_OFFSET_FILE is for development only")
    if settings.proxy_hops == 0:
        faults.append("ANJU_PROXY_HOPS must count the TLS proxy: without it all members share one address")
    return faults + _address_faults(settings) + _secret_faults(settings)


def _address_faults(settings: Settings) -> list[str]:
    fields = Settings.model_fields
    needed = [name for name in NOT_THE_SANDBOXS if _needed(settings, name)]
    kept = [name for name in needed if getattr(settings, name) == fields[name].default]
    return [f"ANJU_{name.upper()} is the sandbox's" for name in kept]


def _needed(settings: Settings, name: str) -> bool:
    """The mini-program's own appid and secret serve its face verification only; each SMS provider's only where used."""
    if name == "face_template_keys":
        return settings.face_keep_templates
    if name.startswith("sms_"):
        return needed_for_sms(settings, name)
    return not name.startswith("wechat_mini_") or "wechat" in settings.faces_offered


def _secret_faults(settings: Settings) -> list[str]:
    faults = []
    for name in filter(
        lambda name: _needed(settings, name), (*SANDBOX_SECRETS, *OWN_KEYS, "face_template_keys")
    ):
        path = settings.secrets_path / name
        if not path.exists():
            faults.append(f"secret file missing: {name}")
        elif path.stat().st_mode & 0o077:
            faults.append(f"secret file readable by others: {name}")
        elif (text := path.read_text(encoding="utf-8").strip()) == SANDBOX_SECRETS.get(name):
            faults.append(f"secret file holds the sandbox's value: {name}")
        elif fault := key_fault(name, text):
            faults.append(fault)
    return faults


def load_settings(**overrides: Any) -> Settings:
    """Read and check the settings; raises SettingsFault listing every fault at once."""
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        lines = [
            f"{'.'.join(map(str, fault['loc'])) or 'settings'}: {fault['msg']}" for fault in error.errors()
        ]
        raise SettingsFault("settings cannot be used:\n  " + "\n  ".join(lines)) from None
    if not settings.database_url.get_secret_value():
        raise SettingsFault("settings cannot be used:\n  DATABASE_URL: missing")
    return settings
