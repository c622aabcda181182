"""The public form: anybody may ask for a visit, without signing in."""
