"""The floor that computes in bulk: columns in, scores out."""
