"""Server: the phone page, the control API and the actor on one port."""

from __future__ import annotations

from flask import Flask

from sandbox.phone import control
from sandbox.serving import new_app
from sandbox.sms.messages import Network
from sandbox.wechat.account import Account
from sandbox.wechat.push import Pusher
from sandbox.world import World


def phone_app(world: World, account: Account, pusher: Pusher, network: Network) -> Flask:
    """The phone and its control API as a web application."""
    app = new_app(world, "phone", __name__)
    app.register_blueprint(control.blueprint(world, account, pusher, network))
    return app
