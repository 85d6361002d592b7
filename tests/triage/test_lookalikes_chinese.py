"""Chinese texts that only look like danger, and serious ones that lie close to them. The wordings are the author's own."""

import pytest

from apps.triage.rules import assess

NO_ALARM = {
    "somebody else, by name, trade or place": [
        "楼上李婶吐血送医院了，她跟我一个病，我倒是没啥",
        "四楼的孙大爷前天夜里吐血，救护车来的时候楼道都堵了",
        "刚公交车上有个老太太晕过去了，司机停车打的120，所以我今天会晚到",
        "送快递的摔沟里腿断了，我的药是不是就耽误了",
        "理发店来个客人 剪着剪着突然抽起来了 口吐白沫 把我吓的",
        "二楼的租户烧炭自杀，没救过来",
        "村支书脑梗了，半边身子不能动，我们村今天没人开证明",
        "我婆婆的老姐妹昨天夜里咳血送走的，我婆婆自己倒没什么",
    ],
    "the onlooker who comes later is not the subject": [
        "大学室友说不想活了，我们几个劝了她一宿，现在困得要死",
        "临床那个大爷半夜叫不醒，护士全跑过去了，我一夜没睡踏实",
    ],
    "a whole row denied at its end": [
        "医生问的那几样，什么吐血黑便发高烧神志不清，都没有，就口干",
        "除了脚脖子有点肿，吐血、便血、昏倒、抽筋统统没有",
        "呕血-，黑便-，乏力+",
        "发热（-）黑便（-）呕血（-）皮肤瘙痒（+）",
    ],
    "a question answered by its writer": [
        "住院？没有啊，我在家好好的",
        "想不开？没有的事，我日子过得挺好",
        "喘？不喘。胸疼？不疼。",
    ],
    "a saying": ["我晕，又要填表", "我晕！你们怎么又改时间"],
    "asked about in general": ["什么叫肝性脑病，是不是就是人糊涂了", "便血和痔疮怎么分呢，课上老师留的作业"],
}

ALARM = {
    "somebody else only tells, finds or brings": [
        "邻居发现我爸躺在地上叫不醒",
        "同事打的120把我送来的，现在在急诊",
        "昨晚在饭店突然抽过去了，服务员打的120",
        "公交车上我晕倒了，司机把我送到医院",
        "我爸在邻居家门口摔了，头破了流很多血",
    ],
    "a nurse addressed, a relative by name, a place": [
        "王姐，我昨晚吐血了",
        "张姐 我爸今早拉黑便 两次",
        "我家老张今早吐了两口血",
        "老伴没挺过来",
        "我爸下棋的时候突然嘴歪了，棋友送回来的",
    ],
    "no denial of what is left": [
        "发热（-）黑便（+）呕血（+）",
        "没便血，只是吐了半碗咖啡色的东西",
        "吐血了？是的，今早两口，鲜红",
        "尿没尿过，从昨天早上起",
        "黑便没停过，三天了",
        "我晕过去了",
    ],
}


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in NO_ALARM.items() for text in texts])
def test_a_look_alike_raises_no_alarm(kind: str, text: str) -> None:
    assert assess(text).label != "serious", kind


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in ALARM.items() for text in texts])
def test_what_lies_close_to_it_still_does(kind: str, text: str) -> None:
    assert assess(text).label == "serious", kind
