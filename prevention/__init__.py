"""Prevention: one list of homes to visit for fire, ambulance and police."""

__version__ = "0.1.0"
