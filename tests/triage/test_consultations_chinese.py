"""What people write to a doctor online: an old illness told first, a new complaint after it, and a question at the end.

The sentences are the author's own, in the words of such portals (病发, 救治, 拔出, 破皮), which come from swapped synonyms.
"""

import pytest

from apps.triage.rules import Assessment, Context, engine

FITS = [
    "我妈癫痫有十来年了，吃着药每个月还是会发作",
    "我得癫痫好多年了，隔几天就病发一次，药一直没断",
    "患癫痫五年，吃了丙戊酸钠，最近病发的次数越来越多，怎么办",
    "家父癫痫二十余年，近来发作时间越来越长，一次有十几分钟",
    "我爸上星期确诊了癫痫，想问问怎么治疗好",
    "外婆前几天检查出癫痫病，老是担心她摔着",
    "他以前没什么毛病，昨天突然得了羊角风",
    "失神小发作每天十几次，吃了德巴金不管用",
    "我弟弟昨天在家突然全身拔出，医院说是癫痫",
    "老婆从小就有癫痫，现在又频繁发作了",
    "喝酒之后癫痫就会病发，怎么办",
    "我有癫痫，一累就会犯",
    "我妈查出癫痫，发作起来全身僵硬",
    "我经常不自觉地抽动，过后头疼想睡",
    "我爸的羊角风加重了",
    "女婿癫痫，从半年一次变成天天抽",
]
ONLY_ASKED_OF_FITS = [
    "癫痫发作的时候旁边的人应该怎么做",
    "癫痫病患者可以考驾照吗",
    "请问癫痫怎么预防复发",
    "癫痫大发作和小发作有什么不同",
    "癫痫会经常发作吗",
    "看癫痫哪家医院最权威？",
    "癫痫治愈要多少费用？",
    "癫痫为什么容易在夜里发作",
    "我担心自己会得癫痫",
]
OVER_LONG_AGO = [
    "我小时候得过癫痫，已经十几年没发作了",
    "癫痫吃药控制得挺好，三年没犯，可以停药吗",
    "我有癫痫，最近没有再发作",
]
FOUND_NOW = {
    "water in the belly": [
        "我父亲肝硬化三年，这次检查有腹水了，怎么治疗",
        "医生说我爸肝腹水已经很严重了，还能治吗",
        "肝腹水，昨天放出五千毫升淡红色的水，腿还是肿",
        "腹腔积液大量，躺不下去",
        "我爸乙肝转肝硬化，已有腹水，脾大",
        "腹水反复出现，一个月抽三回",
    ],
    "a tumour": ["去医院检查发觉是淋巴瘤", "刚查出肝癌，医生说还可以手术"],
    "an inflamed organ": ["医生说是急性胰腺炎，现在禁食", "昨天确诊阑尾炎，要不要马上手术", "得了肺炎，还没好"],
    "bleeding": [
        "胃底静脉曲张第二次破皮了",
        "消化道破皮住不了口",
        "便秘，每次解大便都带血",
        "此次病情：左耳朵流血",
        "脑干出血以后一直没精神",
        "食管静脉崩裂，做了套扎",
        "刀口破皮不止",
        "脑破皮一个星期了",
    ],
    "fever for days": [
        "发烧十几天了，一直没断",
        "感冒发烧一个多星期还没转好",
        "时常发烧，肝区也老是疼",
        "我妈体温攀升好几天，打针也不退",
    ],
    "nothing stays down": [
        "每天呕吐好几次，已经两个星期",
        "每次吃完饭过一会最后都要吐",
        "老人一个星期没有吃饭了，只喝点水",
    ],
    "sleepy by its medical name": ["浑身没劲，嗜睡，该吃什么药"],
    "deaf at once": ["突然耳聋，右耳听不见了"],
    "faint": ["我妈在地里干活时晕了，工友把她送回家", "一感冒就总是会休克", "昨天忽然晕了，醒来说不清话"],
    "a fall with a leg that no longer carries": ["老父亲滑倒，髋部疼得不能走"],
    "blood in the urine, by its colour": ["尿是酱油色的，人没劲"],
    "pressure in one number": ["给我妈量了血压，显示190120"],
    "in hospital": ["目前在省城的一家大医院救治", "昨天他被送往医院，血糖很高"],
}
NOTHING_NEW = [
    "肝硬化一定会有腹水吗",
    "每次体检都有极少量腹水",
    "怎么预防肝腹水",
    "三年前因为阑尾炎做过手术",
    "邻居得了肺炎住院了",
    "我的宝宝得了肺炎，咳嗽",
    "手心发热好多天了",
    "眼皮总是抽动",
    "痛风犯了，脚趾疼",
    "听说胡萝卜对身体好，高血压能吃吗",
    "乙肝小三阳十五年，没有什么不舒服",
    "广场上有人突然癫痫，大家都吓坏了",
    "胃镜说糜烂性胃炎伴出血点",
    "乙肝转成肝癌要多久",
    "胆囊息肉要做手术吗",
]
VISITS = ["我要去医院检查两对半，要空腹吗", "昨天到医院复查肝功能", "得了脂肪肝，用去医院吗"]


def assess(text: str) -> Assessment:
    return engine().without_net().assess(text, sender="participant", context=Context())


@pytest.mark.parametrize("text", FITS)
def test_fits_that_go_on_or_have_just_begun_are_serious_whatever_is_asked_after(text: str) -> None:
    assert assess(text).label == "serious"


@pytest.mark.parametrize("text", ONLY_ASKED_OF_FITS)
def test_a_question_about_epilepsy_is_no_fit(text: str) -> None:
    assert assess(text).label == "none"


@pytest.mark.parametrize("text", OVER_LONG_AGO)
def test_fits_that_have_stopped_are_no_emergency(text: str) -> None:
    assert assess(text).label != "serious"


@pytest.mark.parametrize(("what", "text"), [(what, text) for what, texts in FOUND_NOW.items() for text in texts])
def test_what_has_just_been_found_or_goes_on_is_serious(what: str, text: str) -> None:
    assert assess(text).label == "serious", what


@pytest.mark.parametrize("text", NOTHING_NEW)
def test_a_known_illness_or_a_general_question_is_not(text: str) -> None:
    assert assess(text).label in ("none", "nonserious")


@pytest.mark.parametrize("text", VISITS)
def test_a_visit_for_tests_or_advice_is_no_admission(text: str) -> None:
    assert assess(text).label == "none"


def test_a_question_in_a_clause_of_its_own_leaves_the_complaint_what_it_is() -> None:
    assert assess("胃胀反酸，怎么治疗").label == "nonserious"


@pytest.mark.parametrize(
    "text", ["一年前开始经常晕倒，查不出原因", "我妈好好的突然昏过去了", "去年得了冠心病，前段时间晕倒过一次"]
)
def test_what_began_long_ago_and_goes_on_or_came_lately_is_now(text: str) -> None:
    assert assess(text).label == "serious"


@pytest.mark.parametrize(
    "text", ["我妈好好的，是她朋友晕倒了", "一年前晕倒过，后来再也没有", "最近头晕，一查才知道是高血压"]
)
def test_who_is_well_or_was_ill_long_ago_is_no_emergency(text: str) -> None:
    assert assess(text).label in ("none", "nonserious")


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("小姨这几天总是昏倒", "serious"),
        ("姑父肝昏迷了，叫不醒", "serious"),
        ("大姨儿子昨天抽搐了", "none"),
        ("我老公弟弟癫痫，隔几天就发作", "none"),
    ],
)
def test_aunts_and_uncles_are_relatives_and_their_children_are_not(text: str, label: str) -> None:
    assert assess(text).label == label


@pytest.mark.parametrize("text", ["得了肝炎，不想过这样的日子了", "我感觉我活不了多久了", "肚子鼓，怀疑是腹水"])
def test_what_may_hide_more_is_read_by_a_person(text: str) -> None:
    assert assess(text).label == "unclear"


@pytest.mark.parametrize("text", ["这个胃不知怎么的一阵一阵地疼", "胃部总是不舒服", "喉痛好久了"])
def test_a_pain_whose_place_stands_before_it_has_a_place(text: str) -> None:
    assert assess(text).label == "nonserious"


def test_swollen_belly_and_legs_with_little_urine_are_serious_together() -> None:
    assert assess("肝硬化，腹胀，双脚浮肿，尿量很少").label == "serious"
    assert assess("腹胀，双脚有点浮肿").label == "nonserious"


def test_a_failing_liver_is_serious_and_a_question_about_it_is_none() -> None:
    assert assess("我爸刚确诊重型肝炎").label == "serious"
    assert assess("重型肝炎传染吗").label == "none"


def test_how_long_one_has_had_a_chronic_illness_does_not_date_the_rest() -> None:
    assert assess("患十多年糖尿病，今早吐血").label == "serious"
    assert assess("二十年前患肝炎时吐过血").label != "serious"
