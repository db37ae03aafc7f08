"""What the law gives a customer: a copy of everything, and to be forgotten (SEC-24, SEC-27)."""
