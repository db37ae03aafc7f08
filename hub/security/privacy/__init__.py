"""Privacy: consent, the assessment before health data, review of rights, who was touched."""
