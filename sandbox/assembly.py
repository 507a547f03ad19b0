"""Assembly 组装: builds the whole sandbox from its setup, starts every server and stops it again."""

from __future__ import annotations

from datetime import UTC, datetime

from sandbox.phone.phones import Phones
from sandbox.phone.server import phone_app
from sandbox.serving import HttpServer, guard
from sandbox.settlement_node.node import SettlementNode
from sandbox.setup import Setup
from sandbox.share.exchange import exchange_app
from sandbox.sms.aliyun import aliyun_app
from sandbox.sms.gateway import gateway_app
from sandbox.sms.mas import mas_app
from sandbox.sms.messages import Network
from sandbox.store import Store
from sandbox.wechat.account import Account
from sandbox.wechat.push import Pusher
from sandbox.wechat.server import wechat_app
from sandbox.world import World


class Sandbox:
    """WeChat, SMS, data sharing, the settlement node and the phones in one process, each server on its own port."""

    def __init__(self, setup: Setup) -> None:
        guard(setup.host)
        setup.state.mkdir(parents=True, exist_ok=True)
        self.setup = setup
        self.store = Store(setup.state / "sandbox.sqlite")
        self.world = World(setup, self.store)
        self.account = Account(self.world)
        self.pusher = Pusher(self.account)
        self.network = Network(self.world)
        self.phones = Phones(self.world, self.account, self.pusher, self.network)
        ports = setup.ports
        self.node = SettlementNode(
            setup.state, setup.host, ports["settlement"], ports["settlement_notice"], now=self._now
        )
        apps = {
            "phone": phone_app(self.world, self.phones, self.node),
            "wechat": wechat_app(self.world, self.account, self.pusher),
            "sms": gateway_app(self.world, self.network),
            "sms_aliyun": aliyun_app(self.world, self.network),
            "sms_mas": mas_app(self.world, self.network),
            "share": exchange_app(self.world),
        }
        self._servers = [HttpServer(name, app, setup.host, setup.ports[name]) for name, app in apps.items()]

    def start(self) -> None:
        """Open every port."""
        self.node.start()
        for server in self._servers:
            server.start()

    def stop(self) -> None:
        """Close every port and the store."""
        for server in self._servers:
            server.stop()
        self.node.stop()
        self.pusher.stop()
        self.network.stop()
        self.store.close()

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.world.time(), UTC)
