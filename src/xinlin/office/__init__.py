"""The floor that remembers: the one Django app with tables, and the only code that changes state."""
