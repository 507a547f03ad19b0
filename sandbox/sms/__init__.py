"""SMS 短信: doubles of Tencent Cloud, Aliyun and China Mobile cloud MAS, with inboxes and receipts."""
