"""What they saw 所见: a decision is on what the page showed, not on what has come since."""

from __future__ import annotations

from uuid import UUID

from flask import request


def shown_id(field: str) -> UUID | None:
    """The id a form carries of what its page showed; None for none, or what is no id."""
    try:
        return UUID(request.form.get(field, ""))
    except ValueError:
        return None
