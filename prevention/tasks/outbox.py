"""Tasks of the outbox row."""
