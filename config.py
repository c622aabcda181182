"""Values from the environment, as typed settings."""

import os

from prevention.settings import Settings


def settings_from_environment() -> Settings:
    """Read the process environment.

    Raises:
        prevention.settings.SettingsProblem: with every missing or wrong setting at once.
    """
    return Settings.from_values(os.environ)
