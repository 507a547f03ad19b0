"""What a page needs at its start 页面配置: names and addresses, and WeChat's signature of the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from apiflask import APIBlueprint
from flask import request

from app.http.auth import open_to_all
from app.http.rate_limit import Limit, client_address, hit
from app.member_api.schemas import ClientConfigOut, JsSdkOut
from app.member_api.wechat_state import wechat_away
from app.ports import ports
from services.certificates.service import CENTRE
from services.core.errors import Invalid
from wechat.errors import WeChatError
from wechat.jssdk import ForeignPage

blueprint = APIBlueprint("page_config", __name__, url_prefix="/api/v1", tag="证明与记录")
log = structlog.get_logger(__name__)
JSSDK = Limit("jssdk", 600, 60)
"""Each page asks once, and thousands share one address of a carrier."""


@blueprint.get("/client-config")
@blueprint.output(ClientConfigOut)
@blueprint.doc(summary="页面配置")
@open_to_all
def client_config() -> Any:
    """What the page needs to know at start."""
    settings = ports().settings
    return {
        "appid": settings.wechat_appid,
        "jweixin_url": settings.wechat_jweixin_url,
        "hotline": "12329",
        "centre": CENTRE,
        "api_version": "1",
        "mini_templates": _templates(settings.mini_template_ids),
        "subscribe_templates": _templates(settings.subscribe_template_ids),
    }


def _templates(ids: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "id": id_} for name, id_ in ids.items()]


@blueprint.get("/jssdk-config")
@blueprint.output(JsSdkOut)
@blueprint.doc(
    summary="微信 JS-SDK 签名",
    description=(
        "`url` 是页面地址去掉 # 之后的部分，只签本站的页面，别的：422 `jssdk.foreign_page`。"
        "一分钟内太多：429 `request.too_many`；微信没有回应：503 `auth.wechat_unavailable`。"
    ),
)
@open_to_all
def jssdk_config() -> Any:
    """Signature of wx.config for one of our pages."""
    hit(JSSDK, client_address())
    try:
        found = ports().jssdk.config_for(request.args.get("url", ""))
    except ForeignPage:
        raise Invalid("只能用在本站页面。", code="jssdk.foreign_page", field="url") from None
    except WeChatError as failure:
        log.warning("jssdk.wechat_failed", fault=str(failure))
        raise wechat_away() from None
    return {
        "appid": found["appId"],
        "timestamp": found["timestamp"],
        "nonce": found["nonceStr"],
        "signature": found["signature"],
    }
