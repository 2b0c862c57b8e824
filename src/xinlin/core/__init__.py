"""The floor that decides: values in, values or problems out. No clock, no files, no chance, no framework."""
