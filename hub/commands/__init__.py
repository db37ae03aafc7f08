"""What `storevitals-hub` does beside serving: one module a command."""
