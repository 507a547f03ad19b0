"""WeChat 微信: everything that speaks WeChat's protocols; nothing of the fund's rules."""
