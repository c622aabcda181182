"""Tasks of the followups row."""
