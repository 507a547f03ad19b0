"""Server: one web application for api.weixin.qq.com, open.weixin.qq.com and the script host."""

from __future__ import annotations

from flask import Flask

from sandbox.serving import new_app
from sandbox.wechat import api, jssdk, mini, oauth, verification
from sandbox.wechat.account import Account
from sandbox.wechat.push import Pusher
from sandbox.world import World


def wechat_app(world: World, account: Account, pusher: Pusher) -> Flask:
    """All of WeChat's hosts on one port; their paths do not meet."""
    app = new_app(world, "wechat", __name__)
    app.register_blueprint(api.blueprint(account, pusher))
    app.register_blueprint(verification.blueprint(account))
    app.register_blueprint(mini.blueprint(account))
    app.register_blueprint(oauth.blueprint(account))
    app.register_blueprint(jssdk.blueprint(account))
    return app
