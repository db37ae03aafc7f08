"""What customers ask for under the law, with the days that are left."""
