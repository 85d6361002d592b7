"""Families of Chinese wordings: each claim with texts that it must bring, and the near misses that it must leave quiet.

Judged by the rules alone: the net learns later.
"""

import pytest

from apps.triage.rules import Context, engine

CAREGIVER_ALARM = {
    "what mourns or excuses another hides nothing of the participant": [
        "他一直问奶奶怎么还不来接他，奶奶都走了三十年了",
        "他走了，我到的时候手都凉了，120说没救了",
        "我弟发烧了，怕传染爸没让靠近，可爸今天也烧到39.5",
        "旁边护士说他血压只有70",
        "教授查房说他肝昏迷了，已经转ICU",
        "我公公已经不在了，问卷别寄了",
    ],
    "gone for good": [
        "爸今天凌晨三点走了，走得很安静，谢谢你们",
        "人走了，回家办后事",
        "老伴上周六夜里去了，没受罪，手续我来办",
        "我妈昨晚走了，剩下的药怎么退",
    ],
    "somebody else only tells, measures or lends": [
        "小区王大夫给量的血压只有80/48",
        "我嫂子发微信说爸今早认不出她了",
        "我表姐说昨天爸的片子出来了，肝上又长了个瘤子，医生说是癌",
        "我侄女打视频来说奶奶躺地上抽，口吐白沫",
        "楼下王婶下班看见我爸倒在花坛边，叫不应",
        "弟媳拿邻居的耳温枪给他打，39.8",
    ],
    "lives in a time that is over": [
        "妈一直喊外婆吃饭，外婆都走了二十年了",
        "半夜他爬起来要去喂猪，猪圈十年前就拆了",
    ],
    "cannot be woken, falls asleep over his meal": [
        "老头子吃着吃着饭头一歪睡过去了",
        "拍他脸掐人中都不带睁眼的",
        "我妈一觉睡了二十一个小时还没睡够",
        "昨天还好好的，今天叫他只嗯一声，眼睛不睁",
    ],
    "a household thing of every day is strange": ["我妈站在煤气灶前面，怎么开都不知道了", "他连筷子都不会拿了"],
    "a means taken away": ["我爸把农药拧开了，我抢下来的，我不敢走开", "老头子把裤带挂到房梁上，是我解下来的"],
    "he says it was dragon fruit, but nobody bought any": ["爸吐了一口红的，他说是火龙果，家里没买过火龙果"],
}

ALARM = {
    "what mourns or excuses another hides nothing of the writer": [
        "自从老伴走了我就不想活了",
        "清明扫墓回来就开始发烧，三十九度五",
        "今天是我妈忌日，上完香我吐了一大口血",
        "夜里憋醒三回，坐到窗边才缓过来",
    ],
    "urine in a cup": ["刚才小便接在杯子里一看，跟葡萄酒一个色", "留尿化验，杯里像兑了石榴汁"],
    "urine counted": ["从早到晚就接了半个瓶盖的尿", "记尿量的本子没东西可记，一天就几滴"],
    "a tooth that goes on bleeding": ["牙拔了一天了，棉球换了十几个还是红的"],
    "one's own symptom after a polite opening": [
        "请教一下，我这两天左胸一阵阵绞着疼，要紧吗",
        "想咨询一下，我昨晚突然晕倒在厕所，要来医院吗",
    ],
    "asked whether no urine is normal": ["一天没有尿正常吗"],
    "a seen person whom the others do not see": ["床尾站着一个老头，老婆说没人，可我看得清清楚楚"],
    "suicide in net words and in farewells": [
        "最近天天想zs，觉得活着是浪费",
        "遗书写好了，你们别自责",
    ],
    "an admission told beside the visit that is missed": [
        "我人在省人民医院消化科住着，下周三的随访去不了",
        "昨晚幺二零拉来的，大夫说得住一星期",
    ],
    "nearly fell again and again": ["这几天站起来眼前就一片雪花，扶着墙才没倒，一天好几次"],
    "numbers without the word": ["高的203低的101，头胀", "指脉氧只有87"],
    "typed by sound": ["渴出血来了，一口一口的", "土雪了"],
}

QUIET = {
    "left for home or work": [
        ("caregiver", "爸已经走了，回家了"),
        ("caregiver", "他走了，去上班了"),
        ("caregiver", "我妈抽完血就走了，赶高铁"),
        ("caregiver", "我爸早上走了，说是去买菜，下午回来"),
    ],
    "mourning somebody who died long ago": [
        ("participant", "我爸走了十年了，今天给他上坟"),
        ("participant", "今天是我妈去世三周年"),
        ("participant", "我妈走得早，我是奶奶带大的"),
        ("participant", "自从老伴走了我就一个人过，习惯了"),
        ("caregiver", "他大哥上周没了，他回老家奔丧，随访能推几天吗"),
    ],
    "an animal, a thing, a film": [
        ("caregiver", "我家养的画眉昨天死了，他难过得吃不下饭"),
        ("participant", "血糖仪罢工了，断气了一样"),
        ("caregiver", "我爸追剧，男主最后跳崖死了，他难受一晚上"),
    ],
    "a saying of annoyance": [
        ("participant", "打了一上午电话没人接，打得我快脑溢血了"),
        ("participant", "等你们报告等得要出人命"),
        ("caregiver", "我妈说她今天气死了，公交车又晚点"),
        ("participant", "痒死了痒死了，后背抓不到"),
    ],
    "dreamt or dreaded": [
        ("participant", "做了个噩梦，梦见自己从楼上摔下来"),
        ("participant", "最怕的就是走到肝昏迷那一步"),
    ],
    "denied item by item": [
        ("participant", "发热，无；呕血，无；黑便，无。"),
        ("participant", "自杀的念头我是绝没有的，就是有点闷"),
        ("participant", "日记卡上写我呕血，是填错了，我没呕血"),
    ],
    "years by their two digits": [
        ("participant", "六九年在乡下得过伤寒，烧到说胡话，如今好好的"),
        ("participant", "年青时从拖拉机上摔下来，断过两根肋骨"),
    ],
    "a relative's own trouble": [
        ("caregiver", "顺便在你们那量了我自己的血压，高压182，家属能挂号吗"),
        ("caregiver", "我婆婆摔断腿了，我两头跑，不是他出啥事"),
    ],
    "a small hurt, a word with 头 in it": [
        ("participant", "砖头砸了脚背，青了一块，能走"),
        ("participant", "切菜切到手指，冒了点血，贴了创可贴"),
        ("caregiver", "膝头蹭破点皮，涂了碘伏，头没碰着"),
    ],
    "looser trousers, even ankles, a rash": [
        ("participant", "裤子松了，这个月瘦了五斤"),
        ("participant", "两只脚踝都有点肿，左右一般粗，早上消"),
        ("participant", "皮疹前胸后背都有，不喘"),
    ],
    "net slang and leaving the study": [
        ("participant", "眼白有点黄，上周就酱紫，没变"),
        ("participant", "我们想退出试验，时间上不允许"),
    ],
}


def label_of(text: str, sender: str = "participant") -> str:
    return engine().without_net().assess(text, sender=sender, context=Context()).label


@pytest.mark.parametrize(
    ("claim", "text"), [(claim, text) for claim, texts in CAREGIVER_ALARM.items() for text in texts]
)
def test_a_caregivers_text_is_serious(claim: str, text: str) -> None:
    assert label_of(text, "caregiver") == "serious", claim


@pytest.mark.parametrize(("claim", "text"), [(claim, text) for claim, texts in ALARM.items() for text in texts])
def test_a_text_is_serious(claim: str, text: str) -> None:
    assert label_of(text) == "serious", claim


@pytest.mark.parametrize(
    ("claim", "sender", "text"), [(claim, *pair) for claim, pairs in QUIET.items() for pair in pairs]
)
def test_a_near_miss_stays_quiet(claim: str, sender: str, text: str) -> None:
    assert label_of(text, sender) in ("none", "nonserious"), claim
