"""From a fault to a verified repair: work orders, their checklists, clocks and figures."""
