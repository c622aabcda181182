"""Tasks of the notifications row."""
