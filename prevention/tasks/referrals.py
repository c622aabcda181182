"""Tasks of the referrals row."""
