"""Notices 通知: one intent for an event and channel, sent at least once and looked up when in doubt."""
