"""Approvals: what one person alone may not do (SEC-12, FIN-06)."""
