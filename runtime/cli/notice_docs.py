"""The page about notices 通知说明: topics, words and figures drawn from the data, and how a notice goes."""

from __future__ import annotations

from config.settings import ROOT
from services.notices.topics import CHANNEL_NAMES, Topic, topics
from services.notices.wording import Wording, wordings
from services.policies.rules import policy_on
from services.policies.service import shipped_figures

_ABOUT = """
A notice begins with an event of the outbox, written in the transaction that made it true. A job makes one intent for
each channel the topic's route leads to (unique by account, event and channel) and sends them one after the other: what
became of one is committed with the next one's going out, so that a crash leaves one in doubt, and the rest to the sweep,
twenty seconds later. Whatever happens, an intent goes to one end: delivered, failed for good, or not subscribed
(`docs/states/notice_intent.md`).

- **Never twice.** Before the provider is called the intent is `sending` and committed. What a crash or a lost answer
  leaves in doubt is looked up, never sent again (docs/adr/0008): SMS by our own number at the provider, WeChat by the
  receipt that names the user, when only one message of theirs can be meant. After {in_doubt} minutes without an
  answer it counts as not delivered.
- **Receipts** may come early, late, twice and in any order: one that says delivered outweighs every other.
- **The next channel** is tried once, when the first refuses, a receipt says failed, the user left, or {fallback}
  minutes pass in silence. Settlement and security go by both channels from the start.
- **Just before it goes** the case is read again (nothing is told of a case that is not paid), the member's choice, the
  quiet hours, the caps of the day and the SMS budget. What may not go now is held, not lost; `due_at` says when it is
  looked at again.
- **WeChat** goes to followers as a template message; to somebody who left, as a subscribe message on a consent that is
  left (counted for each tap, used up by a send, given back when it certainly did not go); else not at all.
- **Which SMS provider** carries a message, and when another takes over, is the chain's matter: docs/sms.md.

## For operators

| what | how |
|---|---|
| change words | a new version in `services/notices/templates.toml`, registered anew with the providers; the linter runs at start and in the tests |
| policy news | `python -m runtime.cli notices-news --title … --text …` says whom it would reach; `--send` sends; `--go-on ID` goes on after a stop |
| over the day's budget | `anju_notices_over_budget_total` rises and the log says `notice.over_budget`; SMS that can wait go the next morning, urgent ones go on |
| a notice that is not so | the log says `notice.not_true`: an event was written for a case in another state, which is a fault of ours |
| how all ended | `anju_notices_total` by topic, channel and fate at `/metrics`; what waits: `anju_notices_waiting` |
| does it hold | `make bench-notices`: gateways fail a fifth of the calls, receipts stray, workers are killed |

Events others may write: `contribution.posted` (month, amount_fen, balance_fen), `interest.posted` (amount_fen,
balance_fen); both are told only where the caller asks for it (`tell=True`), so that a history taken over is silent.
"""
_FIGURES = {
    "notice.sms_segment_fen": "estimated price of one SMS part, fen",
    "notice.sms_budget_fen_per_day": "SMS budget of a day, fen",
    "notice.sms_per_member_per_day": "SMS that can wait, to one member a day",
    "notice.hard_cap_per_day": "notices of any kind to one member on one channel a day",
    "notice.fallback_minutes": "silence after which the next channel is tried, minutes",
    "notice.in_doubt_minutes": "how long a lost answer is looked up, minutes",
    "notice.receipt_hours": "how long a receipt may take, hours",
    "notice.circular_most_per_run": "members told of one circular in one run",
}


def notices_page() -> str:
    """Topics, words and figures."""
    figures = shipped_figures(ROOT / "config" / "policies")
    policy = policy_on(max(figure.effective_from for figure in figures), figures)
    about = _ABOUT.format(
        in_doubt=policy.integer("notice.in_doubt_minutes"), fallback=policy.integer("notice.fallback_minutes")
    )
    rows = "\n".join(map(_topic, topics().values()))
    words = "\n".join(_words(versions[-1]) for versions in wordings().values())
    numbers = "\n".join(f"| `{key}` | {policy.integer(key)} | {what} |" for key, what in _FIGURES.items())
    return (
        f"# Notices 通知\n{about}\n## Topics\n\n| topic | 名称 | route | can be switched off | at night | a day |\n"
        f"|---|---|---|---|---|---|\n{rows}\n\n## Figures\n\n| figure | value | what |\n|---|---|---|\n{numbers}\n\n"
        f"## Words\n\n| template | version | SMS | WeChat message |\n|---|---|---|---|\n{words}\n"
    )


def _topic(topic: Topic) -> str:
    names = [CHANNEL_NAMES[channel] for channel in topic.order]
    route = "、".join(names) if topic.route == "all" else "，不行再".join(names)
    off = "no" if topic.locked else "yes"
    night = "goes" if topic.any_hour else "waits for the morning"
    return f"| `{topic.code}` | {topic.name} | {route} | {off} | {night} | {topic.per_day or ''} |"


def _words(wording: Wording) -> str:
    sms = wording.sms or f"（无：{wording.no_sms}）"
    wechat = f"`{wording.wechat}`" if wording.wechat else f"（无：{wording.no_wechat}）"
    return f"| `{wording.template}` | {wording.version} | {sms} | {wechat} |"
