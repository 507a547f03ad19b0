"""WeChat 微信: a double of api.weixin.qq.com, open.weixin.qq.com and the client that shows it."""
