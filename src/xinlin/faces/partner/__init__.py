"""What shops, banks and offices see: the answer to a code that they were shown, and nothing else."""
