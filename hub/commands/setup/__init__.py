"""`storevitals-hub setup`: from an installed program to a hub that shops reach over TLS."""
