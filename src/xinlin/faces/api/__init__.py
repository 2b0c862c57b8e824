"""The machine API at ``/api/v1/``: departments' systems send batches and ask checks (系统接口)."""
