"""What a task that failed leaves in the log: the kind of error and the place. Its words may quote a person's row."""

from prevention.errors import kind_and_place


class TaskFailed(Exception):
    """A task failed. Raised in place of the error itself, which Celery would write out with all it quotes."""

    @classmethod
    def by(cls, error: Exception) -> "TaskFailed":
        """The same failure without the error's words, nor those of what caused it."""
        return error if isinstance(error, cls) else cls(kind_and_place(error))
