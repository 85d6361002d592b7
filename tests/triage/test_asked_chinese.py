"""Chinese: what is asked of an illness in general, words that only look like a sign, and serious texts close to either.

The wordings are the author's own.
"""

import pytest

from apps.triage.rules import engine
from apps.triage.rules.shapes import Context

NO_ALARM = {
    "asked of an illness in general": [
        "慢阻肺和哮喘有什么区别",
        "中风后多久可以开始锻炼",
        "癫痫病人能开车吗",
        "肝性脑病是怎么引起的",
        "静脉血栓穿弹力袜有用吗",
        "老年痴呆早期怎么发现",
        "脑梗后遗症可以报残疾证吗",
        "面瘫针灸多久能好",
        "怎么区分胃溃疡和胃癌",
        "胆红素到多少要换肝",
        "血压多高要去急诊",
        "救护车能跨省送老人吗",
    ],
    "a number that counts years, not tablets": ["这个降压片我吃了三十年了", "降糖药吃了十几年一直没换过"],
    "words that only hold a sign": [
        "大拇脚趾头踢到门框青了一块",
        "翻身的时候头有点晕",
        "脚脖子有点肿，早上就消",
        "烧心三天了，吃点奥美拉唑就好",
        "脚麻得像蚂蚁爬，跺跺脚就好",
        "再骚扰我就把你拉黑",
        "大便不黑小便不红，就是累",
        "手指头切菜切了个小口子，贴了创可贴",
        "喝水呛了一下咳了半天现在好了",
        "我不识字，你打电话说吧",
        "左肩膀抬不高，五十肩又犯了",
        "周末去山里住院子，信号不好",
        "肌酐从95升到105，要不要紧",
    ],
    "a saying": [
        "笑得我上气不接下气",
        "菜价涨得我吐血",
        "食堂的菜难吃到想死",
        "外面四十度高温，我不出门",
        "这次份子钱我可大出血了",
    ],
    "somebody else": ["我二姨查出肺癌，我回去看看她", "单位体检查出我同事胃癌", "丧假：我表嫂的娘家妈昨天走了"],
    "denied one by one": ["咳血无，便血无，抽搐无，完毕"],
}

ALARM = {
    "asked after somebody has it": [
        "肺栓塞怎么治，我妈刚确诊",
        "脑出血昏迷三天了还要多久能醒",
        "老公今早中风了，多久能好",
        "肝衰竭能治好吗，我爸现在就是",
    ],
    "not this but that": [
        "不是鼻涕是血，半个小时没停",
        "不是怕疼，是不想活",
        "没吐饭，吐的是咖啡渣一样的",
        "大便黑得发亮，是不是铁剂的关系",
        "原来医生说没事，昨天起又烧又打寒战",
    ],
    "a plan that turned": ["本来是去复查的，大夫直接把我扣下住院了", "医生不让出院，说指标不好还得再住十天"],
    "who tells or brings": [
        "我是他家保姆小张，李阿姨今早叫不醒",
        "保安给领回来的，他忘了自己家在几楼",
        "孩子爷爷昨晚吐了半脸盆血",
        "二十三岁的女儿昨晚割腕了",
        "老伴是做装修的，昨天把稀释剂当水喝了",
        "我给客人理着发就没知觉了，醒来躺在地上",
    ],
    "lately, though ill for years": ["肝硬化好多年上星期突然晕过去醒了躺在地上", "肌酐五百多，去年还是八十"],
    "what the family sees": [
        "他拉的跟刚铺的马路一个颜色",
        "把夜壶端到灶上要烧水",
        "身上起大疱，嘴里全烂了",
        "肚子鼓着，拍一拍像水袋子",
        "县医院说看不了，让赶紧往省里送",
        "已经把他葬在老家了",
        "裤衩上一大片红，不是月经",
        "刮脸刮破的，一个钟头了还在流",
        "上礼拜截的肢",
    ],
}


def _label(text: str) -> str:
    """What the rules alone make of it: the net shall not be needed for these."""
    return engine().without_net().assess(text, sender="participant", context=Context()).label


@pytest.mark.parametrize("text", [text for texts in NO_ALARM.values() for text in texts])
def test_no_alarm(text: str) -> None:
    assert _label(text) in ("none", "nonserious")


@pytest.mark.parametrize("text", [text for texts in ALARM.values() for text in texts])
def test_alarm(text: str) -> None:
    assert _label(text) == "serious"
