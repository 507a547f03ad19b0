"""Bases 基类 of what the member API takes and gives."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class In(BaseModel):
    """Base of request bodies: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Out(BaseModel):
    """Base of answers: exactly these fields."""

    model_config = ConfigDict(extra="forbid")
