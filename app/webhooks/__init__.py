"""Webhooks 回调: what WeChat and the SMS provider send us."""
