"""HTTP manners 通用处理: errors, identity, idempotency, strict bodies, headers, limits."""
