"""Certificates 证明 and the log of who looked at my data 查阅记录."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response, g
from sqlalchemy import select

from app.http.auth import member_only
from app.member_api.reading import path_key
from app.member_api.schemas import AccessLogOut, CertificatesOut
from app.member_api.views import certificate_view
from app.ports import ports
from services.audit.models import AuditEntry
from services.certificates.service import certificates_of
from services.core.clock import shanghai_iso
from services.core.db import transaction

blueprint = APIBlueprint("records", __name__, url_prefix="/api/v1", tag="证明与记录")
_ACTIONS = {
    "account.opened": "开立账户",
    "member.bound": "绑定了微信",
    "member.unbound": "解除了微信绑定",
    "member.device_registered": "登记了这部手机",
    "consent.granted": "签了同意书",
    "consent.withdrawn": "撤回了同意书",
    "data.asked": "为办理业务查询了外部信息",
    "application.submitted": "提交了业务",
    "application.cancelled": "撤销了业务",
    "application.refused": "刷脸几次不是本人，停办了业务",
    "face.opened": "开始刷脸",
    "face.judged": "完成刷脸核验",
    "face.ended": "撤回同意，刷脸随之结束",
    "face.erased": "删除了人脸数据",
    "withdrawal.approved": "核验通过，核准了提取",
    "withdrawal.paid": "提取到账",
    "withdrawal.returned": "提取退回",
    "withdrawal.called_back": "因为上了锁，撤回了还没付出的提取",
    "card.added": "添加了收款卡",
    "lock.closed": "上了提取锁",
    "lock.opening": "申请解除提取锁",
    "limit.lowered": "调低了每日限额",
    "limit.raised": "申请调高每日限额",
    "case.rated": "评价了一笔业务",
    "rating.viewed": "看了您的评价",
    "rating.taken": "在处理您的评价",
    "rating.answered": "答复了您的评价",
    "relative.invited": "请家人帮着看进度",
    "relative.joined": "家人接受了邀请，可以看进度",
    "relative.ended": "取消了家人看进度",
    "relative.looked": "看了您的办理进度",
    "review.asked": "请您补一份材料",
    "phone.changed": "更换了手机号",
    "document.added": "上传了材料图片",
    "document.removed": "删除了材料图片",
    "review.viewed": "审核时查看了您的业务",
    "review.pictures_viewed": "审核时查看了您上传的图片",
    "review.revealed": "为核对查看了您的姓名、证件号和手机号",
    "review.claimed": "领取了您的业务",
    "review.released": "把您的业务退回队列",
    "review.proposed": "提出了审核意见",
    "review.sent_back": "复核后退回再看",
    "review.confirmed": "复核并作出决定",
    "certificate.issued": "开具了证明",
    "loan.drawn": "发放公积金贷款",
    "loan.overdue": "贷款有一期没有按时还",
    "loan.prepaid": "提前还了一部分贷款",
    "loan.settled": "结清了贷款",
    "loan.repaid": "用公积金还了贷款",
    "agreement.signed": "签了约定提取",
    "agreement.ended": "约定提取结束",
    "transfer.requested": "申请了异地转移，写了联系函",
    "transfer.moved": "异地转移有了进展",
    "mortgage.discharge": "不动产登记中心办理解除抵押",
    "loan.card_changed": "更换了还款卡",
    "loan.repriced": "贷款利率按公布的利率调整",
}
_SERVICES = {
    "civil.marriage": "婚姻登记",
    "estate.ownership": "不动产登记",
    "police.photo": "公安登记照片",
    "bank.card_check": "银行卡户名",
}
_ACTORS = {
    "member": "您",
    "系统": "系统",
    "system": "系统",
    "bank": "银行",
    "centre": "公积金中心",
    "relative": "您的家人",
}


@blueprint.get("/certificates")
@blueprint.output(CertificatesOut)
@blueprint.doc(summary="我的证明")
@member_only
def list_certificates() -> Any:
    """Certificates issued to the member."""
    own = ports()
    with transaction(own.sessions) as session:
        return {"certificates": [certificate_view(c, own) for c in certificates_of(session, g.account_id)]}


@blueprint.get("/certificates/<certificate_id>/pdf")
@blueprint.doc(summary="下载证明", responses={200: "PDF 文件"})
@member_only
def download(certificate_id: str) -> Response:
    """The file as issued."""
    own = ports()
    with transaction(own.sessions) as session:
        number, pdf = own.certificates.file(session, g.account_id, path_key(certificate_id))
    return Response(
        pdf, mimetype="application/pdf", headers={"Content-Disposition": f'inline; filename="{number}.pdf"'}
    )


@blueprint.get("/audit-log")
@blueprint.output(AccessLogOut)
@blueprint.doc(summary="谁看过我的信息")
@member_only
def access_log() -> Any:
    """Acts on the member's record, newest first."""
    own = ports()
    statement = (
        select(AuditEntry)
        .where(AuditEntry.account_id == g.account_id)
        .order_by(AuditEntry.seq.desc())
        .limit(100)
    )
    with transaction(own.sessions) as session:
        return {"entries": [_entry(entry) for entry in session.scalars(statement)]}


def _entry(entry: AuditEntry) -> dict[str, str]:
    text = _ACTIONS.get(entry.action, entry.action)
    if entry.action == "withdrawal.approved" and entry.actor.startswith("staff:"):
        text = "审核通过，核准提取"
    if entry.action == "data.asked":
        text = (
            f"查询了{_SERVICES.get(entry.subject, '外部信息')}，用于{entry.detail.get('purpose', '办理业务')}"
        )
    return {
        "at": shanghai_iso(entry.at),
        "actor": _ACTORS.get(entry.actor, "工作人员"),
        "action": entry.action,
        "text": text,
    }
