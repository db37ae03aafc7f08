"""OpenID Connect: people of headquarters sign in by the account of their company."""
