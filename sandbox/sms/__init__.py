"""SMS 短信: a double of Tencent Cloud's sms.tencentcloudapi.com with inboxes and receipts."""
