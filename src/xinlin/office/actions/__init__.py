"""Changes: rights, transaction, change, leaf."""
