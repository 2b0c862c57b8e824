"""Reads. Those that read people's data take actor and purpose and write the look themselves."""
