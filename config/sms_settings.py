"""SMS settings 短信设置: which providers a centre uses, in which order, and how each is reached."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field
from pydantic_settings import BaseSettings

ROOT = Path(__file__).resolve().parent.parent
SANDBOX = tomllib.loads((ROOT / "config" / "sandbox.toml").read_text(encoding="utf-8"))
SANDBOX_TEMPLATES = ROOT / "config" / "sms_templates.toml"
ALIYUN, MAS = SANDBOX["sms_aliyun"], SANDBOX["sms_mas"]
_NAME = "(tencent|aliyun|mas)"
_TENCENTS = ("sms_endpoint", "sms_secret_id", "sms_app_id", "sms_secret_key", "sms_receipt_path_secret")

SANDBOX_SMS_SECRETS = {
    "sms_secret_key": SANDBOX["sms"]["secret_key"],
    "sms_receipt_path_secret": SANDBOX["sms"]["receipt_path_secret"],
    "sms_aliyun_access_key_secret": ALIYUN["access_key_secret"],
    "sms_aliyun_receipt_path_secret": ALIYUN["receipt_path_secret"],
    "sms_mas_secret_key": MAS["secret_key"],
    "sms_mas_receipt_path_secret": MAS["receipt_path_secret"],
}
NOT_THE_SANDBOXS_SMS = (
    "sms_endpoint",
    "sms_secret_id",
    "sms_app_id",
    "sms_templates_file",
    "sms_aliyun_endpoint",
    "sms_aliyun_access_key_id",
    "sms_mas_base_url",
    "sms_mas_ec_name",
    "sms_mas_ap_id",
    "sms_mas_sign",
)


class SmsSettings(BaseSettings):
    """The part of the settings that is about SMS; Tencent Cloud's names have no provider in them."""

    sms_providers: str = Field(
        "tencent",
        pattern=f"^{_NAME}(,{_NAME})*$",
        description="SMS providers in the order in which they are tried: tencent, aliyun, mas (docs/sms.md)",
    )
    sms_templates_file: Path = Field(
        SANDBOX_TEMPLATES, description="approved template ids of Aliyun and cloud MAS"
    )
    sms_breaker_failures: int = Field(
        5, ge=1, le=100, description="failures within the window after which a provider is left out"
    )
    sms_breaker_window_s: int = Field(60, ge=1, le=3600, description="length of that window")
    sms_breaker_rest_s: int = Field(30, ge=1, le=3600, description="how long it is left out")
    sms_aliyun_endpoint: str = Field(
        f"127.0.0.1:{SANDBOX['ports']['sms_aliyun']}",
        description="Aliyun SMS host; the real one is dysmsapi.aliyuncs.com",
    )
    sms_aliyun_scheme: Literal["http", "https"] = Field("http", description="https outside development")
    sms_aliyun_access_key_id: str = Field(ALIYUN["access_key_id"], description="AccessKey id of the RAM user")
    sms_aliyun_sign_name: str = Field(ALIYUN["sign_name"], description="SMS signature at Aliyun")
    sms_mas_base_url: str = Field(
        f"http://127.0.0.1:{SANDBOX['ports']['sms_mas']}", description="China Mobile cloud MAS, without path"
    )
    sms_mas_ec_name: str = Field(MAS["ec_name"], description="company name ecName at cloud MAS")
    sms_mas_ap_id: str = Field(MAS["ap_id"], description="interface user apId")
    sms_mas_sign: str = Field(MAS["sign"], description="signature code 签名编码")
    sms_mas_add_serial: str = Field("", description="extension code 扩展码, where the centre has one")
    sms_mas_ca_file: Path | None = Field(
        None, description="certificate of a gateway that no public authority signed"
    )

    @property
    def sms_order(self) -> tuple[str, ...]:
        """The providers in use, each once."""
        return tuple(dict.fromkeys(self.sms_providers.split(",")))

    @property
    def sms_templates(self) -> dict[str, dict[str, str]]:
        """Approved template ids by provider and logical name."""
        return tomllib.loads(self.sms_templates_file.read_text(encoding="utf-8"))


def provider_of(name: str) -> str | None:
    """Whose setting or secret it is, None when it is not one provider's."""
    for provider in ("aliyun", "mas"):
        if name.startswith(f"sms_{provider}_"):
            return provider
    return "tencent" if name in _TENCENTS or name.startswith("sms_template_") else None


def needed(settings: SmsSettings, name: str) -> bool:
    """Whether the providers in use need a setting or a secret."""
    if name == "sms_templates_file":
        return bool({"aliyun", "mas"} & set(settings.sms_order))
    provider = provider_of(name)
    return provider is None or provider in settings.sms_order


def sms_faults(settings: Any) -> list[str]:
    """What production does not allow of the providers in use."""
    faults = _template_faults(settings)
    if "tencent" in settings.sms_order and settings.sms_scheme != "https":
        faults.append("ANJU_SMS_SCHEME must be https")
    if "aliyun" in settings.sms_order and settings.sms_aliyun_scheme != "https":
        faults.append("ANJU_SMS_ALIYUN_SCHEME must be https")
    if "mas" in settings.sms_order and not settings.sms_mas_base_url.startswith("https://"):
        faults.append("ANJU_SMS_MAS_BASE_URL must be https")
    return faults


def _template_faults(settings: SmsSettings) -> list[str]:
    wanted = {"aliyun", "mas"} & set(settings.sms_order)
    try:
        written = settings.sms_templates if wanted else {}
    except (OSError, ValueError):
        return ["ANJU_SMS_TEMPLATES_FILE cannot be read"]
    lacking = sorted(name for name in wanted if not written.get(name))
    return [f"ANJU_SMS_TEMPLATES_FILE has no templates of {name}" for name in lacking]
