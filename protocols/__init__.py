"""How to talk: wire formats and thin clients. Imports nothing of ours."""
