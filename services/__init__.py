"""The domain 业务: every rule, every fen and every state; knows neither HTTP nor WeChat."""
