"""Paper: pages set with Chinese typography, and the seal on them (文书排版与签章)."""
