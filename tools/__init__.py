"""What `dev.py` needs beyond the standard library: the message catalogue and a PostgreSQL server for tests."""
