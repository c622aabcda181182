"""Importing files of referrals: hand in, look at the preview, start, watch, read the report."""
