"""The plan for bad days kept alive: drills with measured times, incidents and weaknesses."""
