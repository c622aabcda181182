"""Referrals by people: the staff form, the coordinator's form, following one's own, amending."""
