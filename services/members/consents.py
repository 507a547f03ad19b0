"""Consents 同意书: what a member agreed to, in which words, and since when."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.audit.service import record
from services.core.errors import Forbidden, Invalid, NotFound
from services.core.ids import new_id
from services.members.models import Consent


class ConsentRequired(Forbidden):
    """A separate consent must come first."""

    code, title, detail = "consent.required", "需要您先同意", "办理这一步需要您先同意相关事项。"


@dataclass(frozen=True, slots=True)
class ConsentText:
    """The words of one consent. `other_way` is what a member who says no can do instead."""

    kind: str
    version: str
    title: str
    paragraphs: tuple[str, ...]
    agree_label: str
    other_way: tuple[str, str] | None

    @property
    def hash(self) -> bytes:
        """SHA-256 of the exact words."""
        return hashlib.sha256(
            "\n".join((self.kind, self.version, self.title, *self.paragraphs)).encode()
        ).digest()


TEXTS = {
    "data_sharing": ConsentText(
        kind="data_sharing",
        version="2026-11-3",
        title="查询授权",
        paragraphs=(
            "为了不让您跑腿交材料，我们会在您办理业务时，向有关部门核对与这件事有关的信息：民政（婚姻登记）、不动产登记（本市住房）、住建（购房合同、加装电梯登记）、税务（契税）、人社（社保和退休状态）、公安（户籍）、征信和贷款银行（住房贷款）、物业缴费平台（物业费）、受托银行（收款卡户名）。每项业务要查哪几个部门，会在那项业务的页面上写明。",
            "只查这一次办理用得上的，只用来判断您能不能办、能办多少；签了约定提取的，每月到日子时再查一次。每次查询都会记下时间和用途，您可以在“谁看过我的信息”里看到。",
            "您可以随时撤回授权。撤回后，需要这些信息的业务请带材料到网点办理。",
        ),
        agree_label="同意查询",
        other_way=("不同意，我去网点办", "带身份证和证明材料到任一网点办理，结果一样。咨询电话 12329。"),
    ),
    "face_template": ConsentText(
        kind="face_template",
        version="2026-11",
        title="保存人脸特征同意书",
        paragraphs=(
            "公安的照片服务有时会中断。您同意后，我们把您刷脸通过那一次所用登记照片的特征加密保存，照片服务中断时用它和您比对，您照样能刷脸办理。",
            "特征是一串数字，不是照片；密钥另处保管，只用于这一件事，最长保存一年，下次刷脸通过时更新。",
            "不同意也不影响刷脸和其他业务。您可以随时撤回，撤回后立即删除。",
        ),
        agree_label="同意保存",
        other_way=("不保存", "照片服务中断时，请稍后再试、改用银行卡核验加短信，或带身份证到任一网点办理。"),
    ),
    "face": ConsentText(
        kind="face",
        version="2026-11-3",
        title="刷脸核验同意书",
        paragraphs=(
            "为确认这次办理的是您本人，需要用手机摄像头拍摄您的脸部动作，并与公安机关登记的照片比对。",
            "拍摄的画面只用于这一次核验，得出结果后立即删除，最长不超过 10 分钟；我们不保存您的照片和人脸特征，只保留核验结果、分数和防重放的编码，90 天后删除。您可以提前删除，编码会与您脱离关系。",
            "在微信小程序里，由微信（腾讯公司）的人脸核验来做：我们把您的姓名和身份证号交给它核对，只收它的结果，不收画面。",
            "不刷脸也能办：可以用银行卡和短信核验（限额低一些，晚一天付款），也可以到网点办，结果一样。您现在不同意，不影响您查询和办理其他业务。",
        ),
        agree_label="同意，开始刷脸",
        other_way=(
            "不刷脸，换个办法",
            "可以用银行卡核验加短信办理，也可以带身份证到任一网点当场办理。咨询电话 12329。",
        ),
    ),
}

_STANDING = frozenset({"data_sharing", "face_template"})
"""Kinds that hold until they are taken back; the newest takes the place of the others."""


def consent_text(kind: str) -> ConsentText:
    """The current words of a kind; raises NotFound."""
    if kind not in TEXTS:
        raise NotFound
    return TEXTS[kind]


def grant(
    session: Session, account_id: UUID, kind: str, version: str, scope: str | None, at: datetime
) -> Consent:
    """Write a consent to the current words; raises Invalid `consent.text_changed` for older ones."""
    words = consent_text(kind)
    if version != words.version:
        raise Invalid("同意书内容有更新，请重新阅读。", code="consent.text_changed", field="text_version")
    consent = Consent(
        account_id=account_id,
        consent_id=new_id(),
        kind=kind,
        text_version=version,
        text_hash=words.hash,
        scope=scope,
        granted_at=at,
        withdrawn_at=None,
    )
    session.add(consent)
    record(
        session,
        account_id,
        "consent.granted",
        actor="member",
        subject=str(consent.consent_id),
        at=at,
        detail={"kind": kind, "version": version},
    )
    return consent


def withdraw(session: Session, account_id: UUID, consent_id: UUID, at: datetime) -> Consent:
    """End a consent, and with it those it took the place of; raises NotFound when it is not the member's."""
    consent = session.get(Consent, (account_id, consent_id), with_for_update=True)
    if consent is None:
        raise NotFound
    if consent.withdrawn_at is None:
        for one in (consent, *_replaced(session, consent)):
            _end(session, one, at)
    return consent


def _replaced(session: Session, consent: Consent) -> list[Consent]:
    """Earlier ones of a standing consent that still live: under them others would be asked, or a template kept again.

    Consents to a face check stay apart: each is for a check of its own.
    """
    if consent.kind not in _STANDING:
        return []
    statement = (
        select(Consent)
        .where(
            Consent.account_id == consent.account_id,
            Consent.kind == consent.kind,
            Consent.consent_id != consent.consent_id,
            Consent.granted_at <= consent.granted_at,
            Consent.withdrawn_at.is_(None),
        )
        .order_by(Consent.granted_at.desc(), Consent.consent_id.desc())
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(statement))


def _end(session: Session, consent: Consent, at: datetime) -> None:
    consent.withdrawn_at = at
    record(
        session,
        consent.account_id,
        "consent.withdrawn",
        actor="member",
        subject=str(consent.consent_id),
        at=at,
        detail={"kind": consent.kind},
    )


def active_consent(session: Session, account_id: UUID, kind: str) -> Consent | None:
    """The member's present consent of a kind, the newest first."""
    return session.scalar(
        select(Consent)
        .where(Consent.account_id == account_id, Consent.kind == kind, Consent.withdrawn_at.is_(None))
        .order_by(Consent.granted_at.desc())
        .limit(1)
    )


def require_consent(session: Session, account_id: UUID, kind: str) -> Consent:
    """The present consent, or ConsentRequired naming the kind."""
    consent = active_consent(session, account_id, kind)
    if consent is None:
        raise ConsentRequired(field=kind)
    return consent


def require_given(session: Session, account_id: UUID, consent_id: UUID) -> Consent:
    """One certain consent, in whatever words: what was signed under it ends with its withdrawal, not with newer words.

    Raises ConsentRequired.
    """
    consent = session.get(Consent, (account_id, consent_id))
    if consent is None or consent.withdrawn_at is not None:
        raise ConsentRequired
    return consent


def consents_of(session: Session, account_id: UUID) -> list[Consent]:
    """Every consent the member gave, newest first."""
    statement = select(Consent).where(Consent.account_id == account_id).order_by(Consent.granted_at.desc())
    return list(session.scalars(statement))
