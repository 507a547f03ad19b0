"""HTTP 接口层: reads requests, calls use cases, writes responses; no business rule lives here."""
