"""The floor that talks: each face turns a request into one action or one query and renders it."""
