"""Server: the phone page, the control API, the settlement node's controls and the actor on one port."""

from __future__ import annotations

from flask import Flask

from sandbox.actor.web import blueprint as actor
from sandbox.phone import control, facial, messages, mini, page
from sandbox.phone.phones import Phones
from sandbox.serving import new_app
from sandbox.settlement_node.control import blueprint as settlement_control
from sandbox.settlement_node.node import SettlementNode
from sandbox.wechat.jssdk import allow_loopback
from sandbox.world import World


def phone_app(world: World, phones: Phones, node: SettlementNode) -> Flask:
    """Everything on the phone's port as a web application."""
    app = new_app(world, "phone", __name__, recorded=False)
    app.register_blueprint(page.blueprint(phones))
    app.register_blueprint(control.blueprint(phones))
    app.register_blueprint(facial.blueprint(phones))
    app.register_blueprint(mini.blueprint(phones))
    app.register_blueprint(messages.blueprint(phones))
    app.register_blueprint(settlement_control(node), url_prefix="/control/settlement")
    app.register_blueprint(actor)
    app.after_request_funcs.setdefault("actor", []).append(allow_loopback)
    return app
