"""Life of an alert: raised by findings, handled by people, cleared or resolved."""
