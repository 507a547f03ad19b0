"""Member API 职工接口 `/api/v1`: binding, home, items, applications, face, certificates, notices."""
