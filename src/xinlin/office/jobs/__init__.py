"""Long work, in steps that can be repeated."""
