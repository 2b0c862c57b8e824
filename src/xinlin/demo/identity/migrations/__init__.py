"""Migrations of the demonstration identity service."""
