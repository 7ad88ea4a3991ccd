"""The pages and tables that instructors and students read."""
