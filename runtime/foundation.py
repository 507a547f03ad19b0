"""Foundation 底座: settings, clock, database, keys and figures, which every other object is made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from config.settings import Settings
from runtime.key_ring import read_ring
from services.core.clock import Clock, SystemClock
from services.core.crypto import FieldCipher
from services.core.db import Sessions, make_engine, make_sessions
from services.datasharing.adapters.http import HttpSharingGateway, ShareConfig
from services.datasharing.service import DataSharing
from services.policies.service import PolicyBook


@dataclass
class Foundation:
    """What everything else needs."""

    settings: Settings
    database_url: str

    @cached_property
    def clock(self) -> Clock:
        """The one clock."""
        return SystemClock(self.settings.clock_offset_file)

    @cached_property
    def sessions(self) -> Sessions:
        """Database sessions."""
        own = self.settings
        engine = make_engine(self.database_url, pool_size=own.database_pool, pooler=own.database_pooler)
        return make_sessions(engine)

    @cached_property
    def cipher(self) -> FieldCipher:
        """Field encryption: every key of the ring opens, the newest seals."""
        keys = read_ring(self.settings)
        return FieldCipher(keys, max(keys), bytes.fromhex(self.settings.secret("lookup_key")))

    @cached_property
    def policies(self) -> PolicyBook:
        """Dated figures."""
        return PolicyBook()

    @cached_property
    def sharing(self) -> DataSharing:
        """Questions to other departments."""
        config = ShareConfig(
            self.settings.share_base_url, self.settings.share_centre_id, self.settings.secret("share_key")
        )
        return DataSharing(self.sessions, self.clock, self.cipher, HttpSharingGateway(config, self.clock))
