"""The witness, a program of its own: own key, own store, own process; it knows logs by their keys alone (见证程序)."""
