"""Normalising at the door: named steps from what an agency wrote to what can be compared (domain.md section 5).

Every step is pure and idempotent, takes any text whatever its length or characters, never raises on text, and returns
None (or an empty part) where nothing can be read. Originals are the caller's to keep: no step changes its input.
Only the first few hundred characters of a field are looked at, so ten megabytes cost what one line costs.
"""
