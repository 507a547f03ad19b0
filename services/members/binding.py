"""Binding 实名绑定: name, ID number and phone equal to the centre's record, proven by an SMS code."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.audit.service import record
from services.core.crypto import FieldCipher
from services.core.errors import Conflict, DomainError, Invalid, Unauthenticated
from services.core.ids import new_id
from services.core.sql import Statement
from services.members.identity import matching_account
from services.members.models import Binding, Device, Member, SmsChallenge

_OPENID = Statement(
    "SELECT openid_sealed FROM binding WHERE account_id = :account_id AND channel = :channel AND ended_at IS NULL"
    " ORDER BY bound_at, binding_id LIMIT 1"
)
_MONEY_FROM = Statement(
    "SELECT money_from FROM binding WHERE account_id = :account_id AND ended_at IS NULL"
    " ORDER BY bound_at, binding_id LIMIT 1"
)
CODE_LIFE = timedelta(minutes=10)
MOST_TRIES = 5
KEYED_CHANNEL = "h5"


@dataclass(frozen=True, slots=True)
class Waits:
    """How long money rests 冷静期 after a binding that is not the first, and after another number was put on record."""

    rebound: timedelta = timedelta(hours=24)
    phone: timedelta = timedelta(hours=24)


_WAITS = Waits()


class CodeWrong(Unauthenticated):
    """The SMS code is not the one sent."""

    code, title, detail = "bind.code_wrong", "验证码不对", "验证码不对，请核对短信后再填。"


class CodeExpired(Unauthenticated):
    """The SMS code is too old, used, or was tried too often."""

    code, title, detail = "bind.code_expired", "验证码失效", "验证码已经失效，请重新获取。"


class BoundElsewhere(Conflict):
    """Another WeChat user is bound to this member."""

    code = "bind.active_elsewhere"
    detail = "您的账户已经绑定了另一个微信。如不是您本人所为，请拨打 12329 或带身份证到网点处理。"


class WeChatTaken(Conflict):
    """This WeChat user is bound to another member."""

    code = "bind.wechat_taken"
    detail = "这个微信已经绑定了另一位职工，请先解除再绑定。"


@dataclass(frozen=True, slots=True)
class Claim:
    """Who somebody says they are."""

    name: str
    id_no: str
    phone: str


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A challenge, and the code to send; `account_id` is None when the claim matches nobody."""

    challenge_id: UUID
    expires_at: datetime
    code: str
    account_id: UUID | None


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """Public P-256 point of a phone's signing key, 32 bytes each."""

    x: bytes
    y: bytes


def issue_code(session: Session, cipher: FieldCipher, claim: Claim, openid: str, at: datetime) -> IssuedCode:
    """Make a code for a claim. Right and wrong claims take the same path and the same answer."""
    account_id = account_of_claim(session, cipher, claim)
    code = f"{secrets.randbelow(10**6):06d}"
    challenge = SmsChallenge(
        challenge_id=new_id(),
        purpose="bind",
        principal_mac=cipher.look_up(openid, "openid"),
        account_id=account_id,
        operation=cipher.look_up(claim.phone, "member.phone"),
        code_mac=b"",
        tries=0,
        created_at=at,
        expires_at=at + CODE_LIFE,
        used_at=None,
    )
    challenge.code_mac = _code_mac(cipher, challenge.challenge_id, code)
    session.add(challenge)
    return IssuedCode(challenge.challenge_id, challenge.expires_at, code, account_id)


def _code_mac(cipher: FieldCipher, challenge_id: UUID, code: str) -> bytes:
    return cipher.look_up(f"{challenge_id}:{code}", "sms_challenge.code")


def check_code(
    session: Session,
    cipher: FieldCipher,
    challenge_id: UUID,
    code: str,
    openid: str,
    at: datetime,
    *,
    barred: bool = False,
) -> DomainError | UUID:
    """Use a code once. Returns the account it proves, or the fault to raise after the try was counted.

    For a member at whom too much was guessed (`barred`) the right one is wrong, too, and nobody is told.
    """
    challenge = session.get(SmsChallenge, challenge_id, with_for_update=True)
    principal = cipher.look_up(openid, "openid")
    if challenge is None or challenge.purpose != "bind":
        return CodeWrong()
    if not compare_digest(challenge.principal_mac, principal):
        return CodeWrong()
    if challenge.used_at is not None or at >= challenge.expires_at or challenge.tries >= MOST_TRIES:
        return CodeExpired()
    challenge.tries += 1
    right = compare_digest(challenge.code_mac, _code_mac(cipher, challenge_id, code))
    if not right or barred or challenge.account_id is None:
        return CodeWrong()
    challenge.used_at = at
    return challenge.account_id


def code_lives(session: Session, challenge_id: UUID, at: datetime) -> bool:
    """Whether a code to bind may still be used."""
    challenge = session.get(SmsChallenge, challenge_id)
    return challenge is not None and challenge.used_at is None and at < challenge.expires_at


def proven_phone(session: Session, challenge_id: UUID) -> bytes | None:
    """The look-up value of the number that a code to bind went to."""
    return session.get_one(SmsChallenge, challenge_id).operation


def bind(
    session: Session,
    cipher: FieldCipher,
    account_id: UUID,
    openid: str,
    channel: str,
    key: DeviceKey | None,
    at: datetime,
    waits: Waits = _WAITS,
    phone_mac: bytes | None = None,
) -> Binding:
    """Bind a WeChat user of a channel to a member. After an earlier binding, on whatever channel, money has to wait.

    The page brings its phone's key, which is registered; the mini-program has none. The same user binding again only
    renews the key. `phone_mac` is the number that was proven: it may have been changed at this very moment. Raises
    Invalid for a key too many or missing, CodeExpired for a number that is not the record's any more, BoundElsewhere
    when another user of the channel is bound, WeChatTaken when this user is bound to another member.
    """
    check_key(channel, key)
    openid_mac = cipher.look_up(openid, "openid")
    # Two codes of one member, used at one moment, or a code used while the number is changed.
    member = session.get_one(Member, account_id, with_for_update=True, populate_existing=True)
    if phone_mac is not None and not compare_digest(member.phone_mac, phone_mac):
        raise CodeExpired
    binding = _active_binding(session, account_id, channel)
    if binding is not None and binding.openid_mac != openid_mac:
        raise BoundElsewhere
    if binding is None:
        _refuse_second_member(session, openid_mac)
        money_from = _money_from(session, member, at, waits)
        binding = Binding(
            account_id=account_id,
            binding_id=new_id(),
            channel=channel,
            openid_sealed=cipher.seal(openid, "binding.openid"),
            openid_mac=openid_mac,
            bound_at=at,
            money_from=money_from,
            ended_at=None,
        )
        _write(session, binding)
        record(
            session,
            account_id,
            "member.bound",
            actor="member",
            subject=str(binding.binding_id),
            at=at,
            detail={"channel": channel},
        )
    if key is not None:
        _register_device(session, account_id, binding.binding_id, key, at)
    return binding


def check_key(channel: str, key: DeviceKey | None) -> None:
    """Frames are signed in the page only: it must bring a key, and the mini-program, which cannot keep one, must not.

    Raises Invalid.
    """
    if channel == KEYED_CHANNEL and key is None:
        raise Invalid(
            "这部手机的密钥没有生成，请在微信里打开页面再试。", code="device.key_needed", field="device_key"
        )
    if channel != KEYED_CHANNEL and key is not None:
        raise Invalid(
            "小程序不登记手机密钥，请更新小程序再试。", code="device.key_unused", field="device_key"
        )


def account_of_claim(session: Session, cipher: FieldCipher, claim: Claim) -> UUID | None:
    """The member whose record says exactly this; right and wrong claims take the same path."""
    return matching_account(session, cipher, claim.name, claim.id_no, claim.phone)


def _active_binding(session: Session, account_id: UUID, channel: str) -> Binding | None:
    return session.scalar(
        select(Binding)
        .where(Binding.account_id == account_id, Binding.channel == channel, Binding.ended_at.is_(None))
        .with_for_update()
    )


def _money_from(session: Session, member: Member, at: datetime, waits: Waits) -> datetime:
    """At once for a first binding to a number of old. Any other makes all of the member's wait: the SIM has the code."""
    bindings = update(Binding).where(Binding.account_id == member.account_id).returning(Binding.money_from)
    later = at + waits.rebound
    known = session.scalars(bindings.values(money_from=func.greatest(Binding.money_from, later))).all()
    if known:
        return max(known)
    # Nobody was bound when the number was changed: that wait stands nowhere but here.
    changed_at = member.phone_changed_at
    return at if changed_at is None else max(at, changed_at + waits.phone)


def _write(session: Session, binding: Binding) -> None:
    try:
        with session.begin_nested():
            session.add(binding)
    except IntegrityError:  # the same WeChat user was bound to another member at this very moment
        raise WeChatTaken from None


def _refuse_second_member(session: Session, openid_mac: bytes) -> None:
    other = select(Binding.binding_id).where(Binding.openid_mac == openid_mac, Binding.ended_at.is_(None))
    if session.scalar(other) is not None:
        raise WeChatTaken


def _register_device(
    session: Session, account_id: UUID, binding_id: UUID, key: DeviceKey, at: datetime
) -> None:
    session.execute(
        update(Device).where(Device.account_id == account_id, Device.ended_at.is_(None)).values(ended_at=at)
    )
    device = Device(
        account_id=account_id,
        device_id=new_id(),
        binding_id=binding_id,
        x=key.x,
        y=key.y,
        created_at=at,
        ended_at=None,
    )
    session.add(device)
    record(
        session, account_id, "member.device_registered", actor="member", subject=str(device.device_id), at=at
    )


def find_device(session: Session, account_id: UUID) -> Device | None:
    """The phone bound now, if there is one."""
    return session.scalar(select(Device).where(Device.account_id == account_id, Device.ended_at.is_(None)))


def active_device(session: Session, account_id: UUID) -> Device:
    """The phone bound now; raises Invalid `device.missing` when there is none."""
    device = find_device(session, account_id)
    if device is None:
        raise Invalid("请先在这部手机上完成绑定。", code="device.missing")
    return device


def binding_of_openid(session: Session, cipher: FieldCipher, openid: str) -> Binding | None:
    """The active binding of a WeChat user."""
    mac = cipher.look_up(openid, "openid")
    return session.scalar(select(Binding).where(Binding.openid_mac == mac, Binding.ended_at.is_(None)))


def binding_of_member(session: Session, account_id: UUID, channel: str | None = None) -> Binding | None:
    """The member's oldest active binding, or the one of a channel."""
    return next((row for row in bindings_of(session, account_id) if channel in (None, row.channel)), None)


def openid_of_member(session: Session, cipher: FieldCipher, account_id: UUID, channel: str) -> str | None:
    """The WeChat user of the member's active binding of a channel; the binding must have been written."""
    row = _OPENID.first(session, {"account_id": account_id, "channel": channel})
    return None if row is None else cipher.open(row.openid_sealed, "binding.openid")


def money_from(session: Session, account_id: UUID) -> datetime | None:
    """From when money may leave by the member's oldest active binding; None for a member who is not bound."""
    binding = _MONEY_FROM.first(session, {"account_id": account_id})
    return None if binding is None else binding.money_from


def bindings_of(session: Session, account_id: UUID, *, lock: bool = False) -> list[Binding]:
    """The member's active bindings, at most one a channel, oldest first."""
    statement = (
        select(Binding)
        .where(Binding.account_id == account_id, Binding.ended_at.is_(None))
        .order_by(Binding.bound_at, Binding.binding_id)
    )
    return list(session.scalars(statement.with_for_update() if lock else statement))
