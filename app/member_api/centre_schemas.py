"""Shapes 数据结构 of what the centre tells everybody."""

from __future__ import annotations

from typing import Literal

from app.member_api.shapes import Out


class AnnouncementOut(Out):
    """One announcement in force."""

    announcement_id: str
    kind: Literal["outage", "news"]
    kind_text: str
    text: str
    from_at: str
    until_at: str


class AnnouncementsOut(Out):
    """What is shown on every page, outages first."""

    announcements: list[AnnouncementOut]


class ServicePointOut(Out):
    """One counter."""

    code: str
    name: str
    district: str
    address: str
    phone: str
    latitude: str
    longitude: str
    hours: list[str]
    busy: str
    services: list[str]
    access: str


class ServicePointsOut(Out):
    """Every counter; `assumed` while the centre's own list is missing."""

    points: list[ServicePointOut]
    assumed: bool
