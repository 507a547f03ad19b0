"""Tips 刷脸提示: for each reason of a refusal, what happened and the one thing that would help."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tip:
    """What happened, and what to do about it."""

    text: str
    tip: str


_AGAIN = "请再试一次，跟着提示慢慢做。"
TIPS: dict[str, Tip] = {
    "face.none": Tip("没有看到脸。", "请把手机举到和脸一样高，脸放进圈里。"),
    "face.multiple": Tip("画面里不止一个人。", "请让旁边的人离开画面再试一次。"),
    "face.too_small": Tip("离得有点远。", "请把手机拿近一点，让脸占满圆圈。"),
    "face.too_close": Tip("离得太近了。", "请把手机拿远一点，让整张脸都在圈里。"),
    "face.off_centre": Tip("脸不在画面中间。", "请把脸放进圆圈中间。"),
    "face.not_frontal": Tip("没有拍到正脸。", "请先看正前方，再跟着提示做动作。"),
    "face.blurred": Tip("画面有点模糊。", "请擦一下镜头，拿稳手机再试一次。"),
    "face.too_dark": Tip("光线有点暗。", "请面向窗户或灯光再试一次。"),
    "face.too_bright": Tip("光线太强了。", "请避开直射的阳光或灯光再试一次。"),
    "face.image_unreadable": Tip("画面没有传好。", "请检查网络后再试一次。"),
    "face.image_size": Tip("画面的大小不对。", "请更新微信后再试一次。"),
    "face.engine_failed": Tip("核验程序没有回应，不是您的问题。", "请过一分钟再试一次。"),
    "face.photo_unavailable": Tip(
        "公安的照片服务暂时没有回应，不是您的问题。", "请过几分钟再试，或带身份证到网点办理。"
    ),
    "liveness.frozen": Tip("画面停住了。", "请关掉其他程序，在网络好的地方再试一次。"),
    "liveness.gaps": Tip("画面有中断。", "请在网络好的地方再试一次。"),
    "liveness.no_frames": Tip("没有收到画面。", "请允许使用摄像头，再试一次。"),
    "liveness.no_rest": Tip("两个动作之间没有停。", "做完一个动作，请先看正前方，等下一个提示。"),
    "liveness.out_of_order": Tip("画面的顺序不对。", _AGAIN),
    "liveness.too_early": Tip("动作做早了。", "请等提示出来以后再做动作。"),
    "liveness.too_many_frames": Tip("画面太多了。", _AGAIN),
    "liveness.wrong_order": Tip("动作和提示不一样。", _AGAIN),
    "liveness.bad_challenge": Tip("动作和这次的提示对不上。", _AGAIN),
    "liveness.person_changed": Tip("中途好像换了人。", "请由您本人从头做完所有动作。"),
    "liveness.reused": Tip("这些画面以前用过。", "请用摄像头当场拍摄。"),
    "liveness.no_blink": Tip("没有看到眨眼。", "请摘下墨镜，慢慢闭眼再睁开。"),
    "liveness.no_open_mouth": Tip("没有看到张嘴。", "请把嘴张大一点，再合上。"),
    "liveness.no_turn_left": Tip("没有看到向左转头。", "请慢慢向左转头，转大一点，再转回来。"),
    "liveness.no_turn_right": Tip("没有看到向右转头。", "请慢慢向右转头，转大一点，再转回来。"),
    "liveness.no_nod": Tip("没有看到点头。", "请慢慢低头，再抬起来。"),
    "match.other_person": Tip(
        "和登记的照片对不上。", "请由本人办理；换了发型或戴着眼镜，可以摘下眼镜、露出额头再试。"
    ),
    "match.no_reference": Tip("登记的照片看不清，不是您的问题。", "请带身份证到任一网点办理。"),
    "face.wechat_unavailable": Tip(
        "微信的人脸核验暂时没有回应，不是您的问题。", "请过几分钟再试，或带身份证到网点办理。"
    ),
    "wechat.cancelled": Tip("这次没有做完就退出了。", "准备好了再点一次，跟着微信的提示做完。"),
    "wechat.face_unseen": Tip("微信没有拍清楚您的脸。", "请面向窗户或灯光，摘下口罩和墨镜再试一次。"),
    "wechat.failed": Tip("微信核验没有通过。", "请由本人在光线好的地方再试一次。"),
    "wechat.network": Tip("网络中断了，微信没有收到画面。", "请在网络好的地方再试一次。"),
    "wechat.no_camera": Tip(
        "微信还不能用摄像头或麦克风。", "请到手机设置里给微信打开相机和麦克风权限，再试一次。"
    ),
    "wechat.other_identity": Tip(
        "微信查到的姓名或身份证号和我们的记录对不上。", "姓名或身份证号改过，请带身份证到任一网点更新。"
    ),
    "wechat.other_person": Tip(
        "微信核验认为不是登记的本人。", "请由本人在光线好的地方再试一次，摘下眼镜、露出额头。"
    ),
    "wechat.system": Tip("微信的核验程序没有做成，不是您的问题。", "请过几分钟再试一次。"),
    "wechat.timeout": Tip("时间到了，动作没有做完。", "请再试一次，看到提示就慢慢做。"),
    "wechat.unsupported": Tip(
        "这台手机用不了微信的人脸核验。", "请更新微信，或换一台手机，也可以带身份证到网点办理。"
    ),
    "face.channel": Tip("画面来源不对。", "请在绑定的这部手机上，用摄像头当场拍摄。"),
}
_UNKNOWN = Tip("这次没有成功。", _AGAIN)


def tip_for(code: str) -> Tip:
    """The tip of a reason code; a general one for a code without its own."""
    return TIPS.get(code, _UNKNOWN)
