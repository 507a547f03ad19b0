"""Public pages 公开页面: verification of certificates, without a session."""
