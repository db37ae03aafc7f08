"""Detectors: pure functions over arrays; no SQL, no clock."""
