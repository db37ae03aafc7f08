"""`storevitals-hub demo`: the product on this machine, with stores in software."""
