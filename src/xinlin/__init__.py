"""Xinlin 信林: an open public-credit platform for a city."""

__version__ = "0.1.0"
