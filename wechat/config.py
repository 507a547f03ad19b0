"""Configuration 配置 of the public account, as the adapters take it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CallbackConfig:
    """What verifies and opens a callback 消息推送."""

    appid: str
    original_id: str
    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    app: str = "account"  # or "mini": each has a callback address of its own


@dataclass(frozen=True, slots=True)
class WeChatConfig:
    """The account, its secret and the hosts; `template_ids` by the names used in templates.toml."""

    appid: str
    secret: str = field(repr=False)
    api_base_url: str = "https://api.weixin.qq.com"
    open_base_url: str = "https://open.weixin.qq.com"
    public_base_url: str = ""
    template_ids: Mapping[str, str] = field(default_factory=dict)
