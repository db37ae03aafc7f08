"""`storevitals-hub doctor`."""
