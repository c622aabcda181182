"""Reads of referrals: following one's own, what is known of a home, and what forms offer."""
