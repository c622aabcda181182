"""A seeded generator of invented referrals in the shapes of three agencies; start at ``world.generate``."""
