"""Bootstrap 装配: settings in, the product's objects out; the one place where ports meet adapters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from app.ports import Ports
from app.staff_desk.ports import DeskPorts
from config.settings import ROOT, Settings
from runtime import partners, sms_providers
from runtime.bank_side import BankSide
from runtime.inbound import Inbound
from runtime.late_messages import LateMessages
from runtime.notice_listener import NoticeListener
from runtime.notice_ports import CaseTruth, WeChatReach
from runtime.notice_words import check as check_words
from runtime.retention import standing
from services.agreements.card_runs import CardRuns
from services.applications.case_numbers import CaseNumbers
from services.centre.service_points import ServicePoints
from services.certificates.jobs import CertificateJobs
from services.certificates.service import Certificates
from services.core.db import Sessions, make_engine, make_sessions
from services.counter.deciding import Deciding
from services.counter.proposing import Proposing
from services.documents.adapters.child import ConfinedCleaner
from services.documents.service import Documents
from services.face.adapters.child import FaceJudge
from services.face.engine.calibration import load_calibration
from services.face.jobs import FaceJobs
from services.face.ports import Verifier
from services.face.replay import Replays
from services.face.service import Faces
from services.face.templates import Templates, read_keys
from services.face.verifications import Verifications
from services.items.agreement_runs import AgreementRuns
from services.items.card_route import CardRoute
from services.items.effects import Effects
from services.items.engine import Engine
from services.items.loading import FactLoader
from services.items.locking import Locking
from services.items.phone_codes import PhoneCodes
from services.items.registry import load_registry
from services.loans.charging import Cards
from services.loans.discharge import Discharges
from services.notices.jobs import NoticeJobs
from services.notices.ports import Channel
from services.notices.service import Notices
from services.ratings.desk import RatingDesk
from services.ratings.service import Ratings
from services.relatives.service import Relatives
from services.remittances.jobs import RemittanceJobs
from services.remittances.news import News
from services.remittances.posting import Posting
from services.remittances.reversing import Reversals
from services.remittances.service import Remittances
from services.remittances.surplus import Surpluses
from services.reviews.service import Reviews
from services.staff.sessions import SessionKeys
from wechat.client import WeChatClient
from wechat.config import CallbackConfig, WeChatConfig
from wechat.face_verification import WeChatFaceVerifier
from wechat.followers import Followers, LeaverList
from wechat.jssdk import JsSdk
from wechat.mini_program import MiniProgram
from wechat.oauth import OAuthClient
from wechat.quotas import DatabaseQuotas
from wechat.template_messages import WeChatTemplateChannel
from wechat.token_store import DatabaseTokenStore

CALIBRATION = ROOT / "config" / "face_calibration.toml"


@dataclass
class Product(BankSide):
    """Every object of the product, made when first asked for; web and workers use the same ones."""

    @cached_property
    def faces(self) -> Faces:
        """Face sessions."""
        limits = load_calibration(CALIBRATION).replay
        return Faces(self.cipher, self.clock, Replays(self.cipher, limits))

    @cached_property
    def face_verifier(self) -> Verifier:
        """WeChat's own verification, under the mini-program's token."""
        return WeChatFaceVerifier(self.wechat_mini_client)

    @cached_property
    def verifications(self) -> Verifications:
        """Face sessions that WeChat decides."""
        return Verifications(
            self.sessions, self.cipher, self.clock, self.faces, self.face_verifier, self.policies
        )

    @cached_property
    def notices(self) -> Notices:
        """Notices."""
        reach = WeChatReach(self.cipher, Followers(self.cipher))
        sign = self.settings.sms_sign_name
        check_words(sign)
        return Notices(self.cipher, self.clock, self.policies, reach, CaseTruth(), sign=sign)

    @cached_property
    def certificates(self) -> Certificates:
        """Certificates."""
        return Certificates(self.cipher, self.clock, self.settings.public_base_url)

    @cached_property
    def documents(self) -> Documents:
        """Members' pictures."""
        return Documents(self.cipher, ConfinedCleaner())

    @cached_property
    def reviews(self) -> Reviews:
        """Cases that people decide."""
        return Reviews(self.engine, self.documents, self.cipher, self.clock)

    @cached_property
    def effects(self) -> Effects:
        """What approved items do."""
        bank_code = self.settings.bdc_pay_bank_code
        node = self.settings.bdc_node
        return Effects(self.cipher, self.clock, self.policies, self.certificates, bank_code, self.cards, node)

    @cached_property
    def numbers(self) -> CaseNumbers:
        """Case numbers, one stock for each process."""
        return CaseNumbers(self.sessions)

    @cached_property
    def cards(self) -> Cards:
        """Charges to repayment cards."""
        return Cards(self.cipher, self.policies, self.numbers, self.settings.bdc_pay_bank_code)

    @cached_property
    def card_runs(self) -> CardRuns:
        """Instalments by card, and reminders of them."""
        return CardRuns(self.sessions, self.clock, self.policies, self.cards)

    @cached_property
    def agreement_runs(self) -> AgreementRuns:
        """Runs of standing agreements."""
        return AgreementRuns(self.sessions, self.clock, self.engine, self.effects)

    @cached_property
    def engine(self) -> Engine:
        """Items."""
        settings = self.settings
        loader = FactLoader(
            self.sessions, self.clock, self.sharing, self.policies, self.cipher, settings.city_code
        )
        return Engine(
            load_registry(),
            loader,
            self.effects,
            self.faces,
            self.policies,
            self.numbers,
            self.cipher,
            self.clock,
        )

    @cached_property
    def card_route(self) -> CardRoute:
        """The way without a face."""
        return CardRoute(self.sessions, self.clock, self.cipher, self.engine, self.sharing, self.notices)

    @cached_property
    def phone_codes(self) -> PhoneCodes:
        """Codes to new numbers."""
        return PhoneCodes(self.sessions, self.clock, self.cipher, self.notices)

    @cached_property
    def locking(self) -> Locking:
        """The member's own controls."""
        return Locking(self.clock, self.policies)

    @cached_property
    def wechat_config(self) -> WeChatConfig:
        """The public account."""
        return partners.public_account(self.settings)

    @cached_property
    def callback_configs(self) -> dict[str, CallbackConfig]:
        """What opens WeChat's callbacks, by app."""
        return partners.callbacks(self.settings)

    @cached_property
    def callback_sessions(self) -> Sessions:
        """Database sessions that WeChat's callbacks do not have to wait for."""
        pooler = self.settings.database_pooler
        return make_sessions(make_engine(self.database_url, pool_size=2, pool_wait_s=0.5, pooler=pooler))

    @cached_property
    def wechat_client(self) -> WeChatClient:
        """Calls to WeChat."""
        return self._client_of(self.wechat_config)

    def _client_of(self, config: WeChatConfig) -> WeChatClient:
        quotas = DatabaseQuotas(self.sessions, self.clock, config.appid)
        return WeChatClient(config, DatabaseTokenStore(self.sessions), self.clock, quotas)

    @cached_property
    def wechat_mini_client(self) -> WeChatClient:
        """Calls to WeChat as the mini-program: an appid, secret and token of its own."""
        return self._client_of(partners.mini_program(self.settings))

    @cached_property
    def mini_program(self) -> MiniProgram:
        """Signing in to the mini-program."""
        return MiniProgram(partners.mini_program(self.settings), self.wechat_mini_client, self.clock)

    @cached_property
    def channels(self) -> dict[str, Channel]:
        """Ways to reach a member."""
        left = LeaverList(Followers(self.cipher), self.sessions).has_left
        consented = partners.by_consent(self.settings, self.wechat_client, self.wechat_mini_client)
        wechat = WeChatTemplateChannel(self.wechat_client, self.wechat_config.template_ids, left, consented)
        return {"sms": sms_providers.sms_channel(self.settings, self.clock), "wechat": wechat}

    @cached_property
    def notice_jobs(self) -> NoticeJobs:
        """Sending notices."""
        return NoticeJobs(self.sessions, self.clock, self.notices, self.channels)

    @cached_property
    def certificate_jobs(self) -> CertificateJobs:
        """Drawing certificates."""
        return CertificateJobs(self.sessions, self.clock, self.certificates, grace=timedelta(seconds=20))

    @cached_property
    def discharges(self) -> Discharges:
        """Discharge of mortgages."""
        centre = self.settings.share_centre_id
        return Discharges(self.sessions, self.clock, self.cipher, self.sharing, centre)

    @cached_property
    def remittances(self) -> Remittances:
        """Employers' months of contributions."""
        return Remittances(self.sessions, self.clock, self.cipher, self.policies, self.numbers.next)

    @cached_property
    def reversals(self) -> Reversals:
        """Wrong months taken back."""
        return Reversals(self.sessions, self.clock)

    @cached_property
    def surpluses(self) -> Surpluses:
        """What employers paid too much."""
        return Surpluses(self.sessions, self.clock, self.numbers.next)

    @cached_property
    def remittance_jobs(self) -> RemittanceJobs:
        """Posting them."""
        posting = Posting(self.sessions, self.clock, self.policies)
        news = News(self.sessions, self.clock)
        return RemittanceJobs(self.sessions, self.clock, posting, self.reversals, news)

    @cached_property
    def judge(self) -> FaceJudge:
        """The judging child process."""
        return FaceJudge(ROOT / "models", CALIBRATION, self.settings.face_matcher)

    @cached_property
    def face_jobs(self) -> FaceJobs:
        """Judging faces."""
        return FaceJobs(
            self.sessions, self.clock, self.faces, self.judge, self.sharing, self.policies, self.templates
        )

    @cached_property
    def templates(self) -> Templates | None:
        """Encrypted templates, where the centre keeps them."""
        if not self.settings.face_keep_templates:
            return None
        return Templates(read_keys(self.settings.secret("face_template_keys")))

    @cached_property
    def inbound(self) -> Inbound:
        """What WeChat and the SMS gateways push to us."""
        names = {
            way: {id_: name for name, id_ in ids.items()}
            for way, ids in (
                ("subscribe", self.settings.subscribe_template_ids),
                ("mini", self.settings.mini_template_ids),
            )
        }
        listener = NoticeListener(self.cipher, self.clock, names)
        url = self.settings.public_base_url
        return Inbound(self.cipher, self.clock, self.policies, self.notices, url, [listener])

    @cached_property
    def late_messages(self) -> LateMessages:
        """Callbacks that could not be worked in time."""
        handle = self.inbound.on_wechat_message
        return LateMessages(self.sessions, self.clock, self.callback_configs, handle, self.wechat_client)

    def desk_ports(self) -> DeskPorts:
        """What the review desk needs: no bank, no WeChat, no SMS."""
        return DeskPorts(
            settings=self.settings,
            clock=self.clock,
            sessions=self.sessions,
            cipher=self.cipher,
            engine=self.engine,
            policies=self.policies,
            reviews=self.reviews,
            breaks=self.breaks,
            suspense=self.suspense,
            ratings=RatingDesk(self.cipher, self.clock),
            locking=self.locking,
            proposing=Proposing(self.clock, self.cipher, self.policies),
            deciding=Deciding(self.clock, self.cipher, self.policies),
            keys=SessionKeys(bytes.fromhex(self.settings.secret("jwt_staff"))),
        )

    def ports(self) -> Ports:
        """What the HTTP layer needs."""
        return Ports(
            settings=self.settings,
            clock=self.clock,
            sessions=self.sessions,
            cipher=self.cipher,
            engine=self.engine,
            faces=self.faces,
            card_route=self.card_route,
            phone_codes=self.phone_codes,
            locking=self.locking,
            ratings=Ratings(self.cipher, self.clock, self.policies),
            relatives=Relatives(self.cipher, self.clock, self.policies),
            service_points=ServicePoints(ROOT / "config" / "service_points.toml"),
            verifications=self.verifications,
            notices=self.notices,
            certificates=self.certificates,
            documents=self.documents,
            oauth=OAuthClient(self.wechat_config),
            mini_program=self.mini_program,
            jssdk=JsSdk(
                self.settings.wechat_appid,
                self.settings.public_base_url,
                self.wechat_client.jsapi_ticket,
                self.clock,
            ),
            callback_sessions=self.callback_sessions,
            wechat_callback_configs=self.callback_configs,
            sms_receipt_secrets=sms_providers.sms_receipt_secrets(self.settings),
            client_dir=self.settings.client_dir,
            jwt_key=self.settings.secret("jwt_member"),
            on_wechat_message=self.inbound.on_wechat_message,
            on_sms_receipts=self.inbound.on_sms_receipts,
            retention=standing,
        )


def build(settings: Settings, database_url: str | None = None) -> Product:
    """The product for one process."""
    return Product(settings, database_url or settings.database_url.get_secret_value())
