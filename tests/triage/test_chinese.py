"""Chinese texts: what each red flag sounds like from a participant or a relative, and what only looks like it.

The wordings are the author's own, not the corpus's. Each concept has several, none with the textbook word alone.
"""

import json
from pathlib import Path

import pytest

from apps.triage import figures
from apps.triage.figures import Judged
from apps.triage.rules import assess, catalogue

RED_FLAGS = {
    "bleeding from the gut": [
        "刚上完厕所一看马桶里跟倒了酱油似的",
        "婆婆说解的大便跟火锅底料一样红",
        "吐了半脸盆 像咖啡末子",
        "上厕所一坐下哗哗的都是血",
        "昨夜起来三次都是跑厕所，拉的跟墨汁掺了水似的，腥得我开窗",
    ],
    "encephalopathy, never named": [
        "叫他名字半天才嗯一声，眼神是飘的",
        "他穿着睡衣就往外走，说要回老家种地",
        "妈把孙子的奶粉倒进了洗衣机，还说衣服饿了",
        "给他递药他问我你是新来的护士吗，我是他老婆啊",
        "手一伸开就像招财猫一样扑腾",
        "十以内加减法都算不对了，以前他是会计",
    ],
    "infection": [
        "体温四十度 人烧糊涂了",
        "一阵冷一阵热，牙齿咯咯响，38度5",
        "发烧第四天了，38度多，肚子一按就疼",
        "打冷颤打了半个钟头，接着烧到38.9",
    ],
    "breath": [
        "躺下就憋得慌 只能坐着眯一会儿",
        "走到门口就要扶墙喘半天",
        "鼻子两边一扇一扇的，嘴皮子发乌",
        "睡觉得垫四个枕头，躺平了像被人按在水里",
        "血氧88",
    ],
    "chest": [
        "胸前像被大象踩着 冒冷汗",
        "心口像有人拿锥子扎，扎得我不敢吸气",
        "胸口闷疼，冷汗一阵一阵的，吃了救心丸没啥用",
    ],
    "water": ["皮带三天松了两个眼", "肚皮亮得能照人，肚脐眼都翻出来了", "刚抽完水没几天肚子又满了"],
    "faint": ["腿一软人事不知了大概一分钟", "他脸刷白直挺挺往后倒", "早上刷牙刷着刷着就没知觉了，下巴磕出血"],
    "self-harm": [
        "我攒了一瓶安眠药",
        "站在桥上看了很久的水",
        "我死了你们就都轻松了",
        "银行卡密码写给儿子了，活够了",
        "今晚就想把那瓶安定都吃了，睡个长觉",
    ],
    "bleeding that will not stop": ["牙龈血流了一宿，枕巾换了三条", "鼻子塞了棉花还往外渗 已经两个钟头"],
    "stroke": [
        "右边胳膊腿跟灌了铅一样突然抬不起来了",
        "看东西只剩半边",
        "老公笑起来脸不对称",
        "喝水从嘴角漏出来 手也抬不起来",
    ],
    "injury": ["手被机器绞了 骨头都露出来", "骑车被撞了，锁骨骨折", "摔了一跤后脑勺着地"],
    "figures in digits": ["高压二百一", "血压掉到80/50", "脉搏一分钟一百三十几下", "血糖2.6", "上头79下头46", "39度6"],
    "hospital": ["医生让我留下来住几天观察", "昨天夜里被120拉走了", "刚转进监护室，家属不让进"],
    "kidney": ["从昨晚九点到现在中午了没有一滴小便", "去了好几趟厕所都挤不出来 从昨天到现在", "尿袋里一整天就一点底"],
    "fits": ["他眼睛往上翻手脚乱抖", "媳妇说我昨晚浑身打挺，眼珠子翻上去，嘴里冒泡"],
    "pain": ["肚子硬得像木板，碰都不能碰", "头疼得像有人拿斧子劈，吐了三回", "我爸捂着肚子蜷在地上"],
    "clots": ["左腿比右腿粗一圈", "彩超说右腿里头有血块堵着"],
    "nothing stays down": ["喝口水都吐", "喝点米汤全吐出来，眼窝都塌了"],
    "allergy": ["喉咙发紧 咽不下口水", "打完针没多久脸上鼓起来眼睛剩一条缝"],
    "death": ["老伴没挺过来", "家父于昨日病逝", "他不用再吃药了，他到那边去了", "我爸爸已经下葬"],
    "poison": ["我妈把一周的药一次全吃了", "不小心把双氧水当矿泉水喝了两口"],
}
DIALECTS = {
    "Cantonese": ["佢屙黑屎", "佢成日冇去过厕所屙尿，叫佢试，得几滴", "瞓低就谷住条气 要坐喺度"],
    "Sichuan": ["他屙的屎墨黑", "从早到晚莫得一滴尿，喊他屙，他说屙不出来", "喊都喊不醒"],
    "traditional characters": ["嘔血", "冇尿", "個肚痛到碌地,硬過石頭"],
}
LOOK_ALIKES = {
    "denied": [
        "没有黑便没有呕血，能吃能睡",
        "他神志清楚，对答如流，没有说胡话",
        "没有自杀想法，情绪稳定",
        "没有头晕 恶心 发烧 胸痛",
    ],
    "long past": ["我五年前吐过血住过院，现在挺好", "小时候得过癫痫，十岁以后就没犯过", "我爸年轻时候脑梗过一次"],
    "imagined": ["如果吐血了该去哪个医院", "万一半夜胸痛打120还是打你们", "怕哪天突然昏过去没人知道，有没有手环推荐"],
    "asked in general": ["请问肝昏迷一般有哪些表现", "你们这个药会不会引起血栓", "黑便和血便怎么区分"],
    "somebody else": [
        "同事家老人昨天脑溢血走了，我请假去吊唁",
        "我家猫吐了一地血，急死我了",
        "病友老赵前天没了，大家都很难过",
    ],
    "figures of speech": [
        "你们这停车费贵得让人心梗",
        "想死的心都有了，又堵车两小时",
        "看了账单我差点吐血三升",
        "累成狗，腿都断了",
    ],
    "arranged": ["下周二住院做第二次输注，需要空腹吗", "护士您好，明天入院做第三次输注，带什么东西"],
    "taken for a death": ["我老公走了，去上班了", "药吃没了，什么时候去拿", "我爸今天走了三公里，精神很好"],
    "food": ["吃了火龙果大便红的，查了不是血"],
}
STILL_THERE = [
    # A denial, an if, a year or a bystander must not swallow what is said beside it.
    "没吐血，但是大便黑得像沥青",
    "以前从来没这样，今天站起来就晕倒了",
    "怕你们担心没敢说，昨晚吐血了",
    "同事发现我倒在厕所里",
    "邻居看见他在楼下转圈，问他家在哪他说不知道",
    "去年住过院，昨天又拉黑便了",
    "孙子帮我发的，我肚子疼得直不起腰",
    "今年五十六岁，今早吐血一碗",
    "喂鸡的时候突然晕倒了",
    "不是我吓你们，他真的叫不醒",
]
CLINICAL = Path(__file__).resolve().parents[3] / "shared" / "clinical" / "symptoms.json"
FLOORS = {"sensitivity": 0.95, "specificity": 0.92, "look_alikes": 0.90}


def _pairs(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(name, text) for name, texts in table.items() for text in texts]


@pytest.mark.parametrize(("what", "text"), _pairs(RED_FLAGS))
def test_a_red_flag_is_serious_in_any_words(what: str, text: str) -> None:
    found = assess(text)

    assert found.label == "serious", f"{what}: {found.reason}"
    assert found.level in ("R1", "R2")


@pytest.mark.parametrize(("which", "text"), _pairs(DIALECTS))
def test_dialects_and_traditional_characters_read_as_the_standard_does(which: str, text: str) -> None:
    found = assess(text)

    assert found.label == "serious", f"{which}: {found.reason}"


@pytest.mark.parametrize(("why", "text"), _pairs(LOOK_ALIKES))
def test_what_only_looks_like_a_red_flag_raises_no_alarm(why: str, text: str) -> None:
    found = assess(text)

    assert found.label != "serious", f"{why}: {found.reason}"


@pytest.mark.parametrize("text", STILL_THERE)
def test_a_word_that_silences_reaches_no_further_than_its_clause(text: str) -> None:
    found = assess(text)

    assert found.label == "serious", found.reason


@pytest.mark.parametrize(
    ("text", "item", "state"),
    [
        ("没有黑便", "melena", "negated"),
        ("去年吐过血", "hematemesis", "past"),
        ("如果吐血怎么办", "hematemesis", "hypothetical"),
        ("邻居吐血了", "hematemesis", "other_person"),
        ("吐血了", "hematemesis", "present"),
        ("没有发烧 黑便 吐血", "hematemesis", "negated"),
        ("血压高压没量，吐血", "hematemesis", "present"),
    ],
)
def test_each_state_is_told_apart(text: str, item: str, state: str) -> None:
    states = {finding.state for finding in assess(text).findings if finding.id == item}

    assert states == {state}


@pytest.mark.parametrize(
    ("text", "is_serious"),
    [
        ("三十九度五", True),
        ("今天血压高的呀一百九十六一百一", True),
        ("高压192低压108", True),
        ("高压一百二低压八十", False),
        ("今年三十九岁", False),
        ("体温三十九度二，白细胞也高", True),
        ("转氨酶四百多，发烧39.4", True),
        ("发烧38.2，血小板正常", False),
        ("发烧39天了，血小板正常", False),
    ],
)
def test_chinese_numbers_are_values(text: str, is_serious: bool) -> None:
    assert (assess(text).label == "serious") is is_serious


def test_the_tuning_part_of_the_corpus_stays_above_its_floors() -> None:
    files = sorted(Path(__file__).parent.glob("corpus/tuning/zh-*.jsonl"))
    rows = [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines() if line]
    judged = [
        Judged(
            id=row["id"],
            language="zh",
            gold=row["label"],
            said=assess(row["text"], sender=row.get("sender") or "participant").label,
            reason=row.get("serious_reason") or "",
            look_alike=figures.look_alike_of(row.get("note") or ""),
        )
        for row in rows
    ]

    found = figures.of(judged)

    assert len(rows) >= 800
    for name, floor in FLOORS.items():
        assert (getattr(found, name).value or 0.0) >= floor, f"{name}: {getattr(found, name)}"


@pytest.mark.skipif(not CLINICAL.exists(), reason="the clinical catalogue is not beside this checkout")
def test_no_chinese_word_of_the_clinical_catalogue_is_lost() -> None:
    items = json.loads(CLINICAL.read_text(encoding="utf-8"))["items"]
    words = [(item["id"], word) for item in items for word in item["synonyms"]["zh"]]

    lost = [(name, word) for name, word in words if not assess(word).findings]

    assert len(words) > 2_000
    assert not lost


def test_both_cantonese_signs_for_looking_are_read_as_the_common_one() -> None:
    fold = catalogue().normaliser.fold

    assert fold("搵唔到屋企")[0] == fold("揾唔到屋企")[0] == fold("找不到屋站")[0]
