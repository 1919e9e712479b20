"""Opens nbgrader's gradebook, and closes its connections."""

from __future__ import annotations

from nbgrader import api

__all__ = ["Gradebook"]


class Gradebook(api.Gradebook):
    """nbgrader's, which leaves its connection open if it cannot read or write the database that it has opened.

    Args:
        db_url: The database's address.
        course_id: The course, which is added to the database if it is not there.

    """

    def __init__(self, db_url: str, course_id: str = "default_course") -> None:
        try:
            super().__init__(db_url, course_id)
        except BaseException:
            if hasattr(self, "db"):
                self.close()
            raise
