"""The audit: what was done cannot be changed unseen, and what is odd is told."""
