"""Entry point of `python3 setup`; runs before the virtual environment exists.

Kept free of newer syntax so that an old Python reaches the sentence below instead of a SyntaxError.
"""

import sys

OLDEST_PYTHON = (3, 11)

if sys.version_info < OLDEST_PYTHON:
    sys.stderr.write(
        "Prevention needs Python %d.%d or newer, and %s is %d.%d: install a newer one and name it, "
        "for example `make run PYTHON=python3.12`.\n"
        % (OLDEST_PYTHON[0], OLDEST_PYTHON[1], sys.executable, sys.version_info[0], sys.version_info[1])
    )
    sys.exit(1)

from preparation import main  # noqa: E402  (only after the check above)

sys.exit(main(sys.argv[1:]))
