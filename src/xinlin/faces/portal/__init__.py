"""What residents see and do."""
