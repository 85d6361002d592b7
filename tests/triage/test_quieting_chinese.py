"""Words that make a Chinese text quiet do not do so where the participant himself is in danger."""

from __future__ import annotations

import pytest

from apps.triage.rules import Assessment, Context, assess


def _said(text: str, who: str = "caregiver") -> Assessment:
    return assess(text, sender=who, context=Context())


@pytest.mark.parametrize(
    "text",
    [
        "我爸走了，病了两年多，今早四点的事", "妈妈昨晚去世了，结婚四十周年没等到", "老公走了，还差三天就六十周年纪念",
        "清明扫墓回来我爸当晚就走了",
    ],
)  # fmt: skip
def test_years_of_illness_or_marriage_do_not_make_a_death_an_old_one(text: str) -> None:
    assert _said(text).label == "serious"


@pytest.mark.parametrize(
    "text", ["我妈走了五年了", "我爸去世快十年了", "老伴走了已经三年了", "后天是我爸的忌日，他走了好些年"]
)
def test_a_death_of_years_ago_still_is(text: str) -> None:
    assert _said(text, "participant").label != "serious"


@pytest.mark.parametrize(
    "text",
    [
        "最怕的就是昏迷，今天真的叫不醒了", "就怕他夜里出事，果然凌晨吐血了", "害怕，我妈大出血", "很担心，老公昏迷了",
    ],
)  # fmt: skip
def test_a_fear_does_not_excuse_what_has_come(text: str) -> None:
    assert _said(text).label == "serious"


@pytest.mark.parametrize(
    "text",
    [
        "做了噩梦，醒来大口吐血", "看到有人跳楼，我也想死，绳子备好了", "真想打死她，刀都拿好了，我怕忍不住", "已经到了想死那一步",
        "我发了便血的视频给你们看", "把他抽搐的视频给你们发过去了",
    ],
)  # fmt: skip
def test_a_dream_a_film_or_a_saying_is_only_what_it_covers(text: str) -> None:
    assert _said(text, "participant").label == "serious"


@pytest.mark.parametrize(
    "text",
    [
        "不是我爸，我妈吐血了", "我不是他本人，他昏迷了", "我爸的老战友来看他，他突然昏迷不醒",
        "他二哥打电话说他昨晚走了", "同事送来的，他查出脑出血", "同事走了他就倒地抽搐",
    ],
)  # fmt: skip
def test_who_is_named_is_not_whom_it_is_about(text: str) -> None:
    assert _said(text).label == "serious"


@pytest.mark.parametrize(
    "text", ["我怕哪天控制不住自己跳下去", "怕有一天忍不住把药全吞了", "怕忍不住伤害自己", "我担心控制不住哪天去轻生"]
)
def test_fear_of_oneself_is_read(text: str) -> None:
    assert _said(text, "participant").label in ("serious", "unclear")


@pytest.mark.parametrize("text", ["私教课上我晕倒了", "家教课上突然吐血", "给君子兰浇水的时候突然晕倒在地"])
def test_what_one_was_at_is_nobody_else(text: str) -> None:
    assert _said(text, "participant").label == "serious"


@pytest.mark.parametrize(
    "text",
    [
        "我流感在隔离，他没症状，可是刚才吐血了",
        "我妈吐血了，我顺便也量了我自己的",
        "我发烧没跟他接触，他没事，但是他今早吐血了",
    ],
)
def test_a_caregiver_who_is_ill_too_still_tells_of_the_participant(text: str) -> None:
    assert _said(text).label == "serious"


@pytest.mark.parametrize("text", ["我感冒了没跟他接触，我烧到39.5", "顺便量了我自己的血压185"])
def test_a_caregivers_own_complaint_is_still_his(text: str) -> None:
    assert _said(text).label != "serious"


@pytest.mark.parametrize(
    "text",
    [
        "这次掏钱住院，大出血止不住", "618那天大出血", "手机打不通，医生说救不活了", "量着量着血压他就断气了", "我爸噎死了",
        "老公说要去死，手机关机找不到人",
    ],
)  # fmt: skip
def test_a_saying_is_none_where_it_happened(text: str) -> None:
    assert _said(text).label == "serious"


@pytest.mark.parametrize("text", ["睡得踏实，可是怎么推都叫不醒", "护士以为睡得很香，其实是昏迷"])
def test_a_sound_sleep_that_nobody_can_end_is_none(text: str) -> None:
    assert _said(text).label == "serious"


@pytest.mark.parametrize(
    "text",
    [
        "老公走了，月中回来办火化",
        "妯娌说公公昨夜没了",
        "爸的老战友去世后他一直不想活，昨晚割腕了",
        "我这半辈子这样过来，活够了，绳子系好了",
        "我刚出生的孩子老哭，我想掐死他",
        "看人家都好好的，我这一身病，不如死了",
    ],
)
def test_a_word_of_leaving_or_of_old_times_hides_no_end(text: str) -> None:
    assert _said(text).label == "serious"


def test_a_friends_death_is_not_the_participants() -> None:
    assert _said("他战友去世了").path is None
    assert _said("我同事走了，他们家在办丧事").path is None
    assert _said("我爸的老同事走了，他就天天喝闷酒").path is None


def test_leaving_the_world_is_not_leaving_the_trial() -> None:
    assert _said("想退出这个世界", "participant").label != "none"
    assert _said("想退出这个项目", "participant").label == "none"


@pytest.mark.parametrize(
    "text", ["邻居说他吐血了", "邻居说我爸吐血了", "刚才邻居说他在楼下吐血了", "同学说我爸昏过去了", "朋友发现他叫不醒"]
)
def test_a_neighbour_who_tells_about_the_participant_is_not_the_one_who_bleeds(text: str) -> None:
    assert _said(text).label == "serious"


@pytest.mark.parametrize("text", ["邻居的爸爸吐血了", "同事他妈昨天脑出血", "同学他爸肝癌走了"])
def test_a_neighbours_father_is_somebody_else(text: str) -> None:
    assert _said(text).label == "none"
