"""What states or claims an allocation, in both languages, and what does not."""

import time

import pytest

from apps.core.arm_words import MASK, masked, told

CLAIMS = [
    # the arms of the trial file, in the words of participants, families and staff
    "我是安慰剂组",
    "我在对照组",
    "他被分到试验组",
    "分到了高剂量组",
    "护士说我分在低剂量",
    "我抽到了安慰剂",
    "我打的是真的",
    "我打的是生理盐水",
    "给我输的其实就是盐水而已",
    "护士说我用的是真药",
    "我输的是真的干细胞,不是假的",
    "我觉得我是安慰剂组",
    "我肯定不是安慰剂组",
    "隔壁床是对照组的",
    "组别:对照组",
    "揭盲结果是安慰剂",
    "揭盲了,我是试验组",
    "我老公进了治疗组",
    "护士说我是安慰剂组,对吗?",
    "我是安慰剂组对吗",
    "护士说我是安慰剂组吧?",
    "为什么我在对照组",
    "对照组",
    "应该是安慰剂吧",
    "医生给我用的是安慰剂",
    "我拿到的是假药",
    "我的干细胞是假的",
    "别人是真的,我是安慰剂",
    "我分到A组",
    "I'm in the placebo group",
    "I am in the control arm",
    "the nurse told me I got the real cells",
    "I got the real stem cells not the fake",
    "they gave me placebo",
    "I think I got the placebo",
    "I'm pretty sure it was placebo",
    "my husband was randomised to the high dose group",
    "I was assigned to the treatment arm",
    "pt in placebo arm",
    "Allocation: placebo",
    "arm: control",
    "unblinded: active",
    "code break result: placebo",
    "what I got was just saline, it was saline not cells",
    "the infusion was only saline",
    "mine was the real thing",
    "I got saline instead of stem cells",
    "I did not get the placebo",
    "It wasn't placebo",
    "why am I in the control group",
    "I'm on the placebo right?",
    "the doctor let slip that I am on placebo",
    "I can't believe I got the placebo",
    "I'm in group B",
    "placebo",
    "control group.",
    "dose was 4.0x10^6/kg",
    "given 2 × 10^6 per kg",
    # what an attack on the first form brought
    "我就是那个安慰剂组的",
    "他们说我是高剂量组",
    "我知道我是低剂量",
    "医生不小心说了我是对照组",
    "研究护士告诉我打的其实是盐水",
    "听说我们病区的都是安慰剂",
    "我用的药是安慰剂",
    "我那袋是真的",
    "我那针是盐水",
    "这次打的是空白对照",
    "原来我是对照组",
    "我被随机到了试验组",
    "随机号显示我是高剂量",
    "信封里写的是安慰剂",
    "盲底泄露了,我是对照",
    "受试者告知其已知分组为试验组",
    "家属称患者为安慰剂组",
    "考虑患者为安慰剂组,疗效差",
    "因在对照组所以无效",
    "我确定是真细胞",
    "不可能是安慰剂,发烧这么厉害",
    "肯定是安慰剂,一点反应都没有",
    "打了假的",
    "输了假细胞",
    "護士話我係安慰劑組",
    "我係對照組",
    "俺是那个假药组的",
    "I know I'm on the real thing",
    "found out I am in the placebo arm",
    "My wife is in the control group",
    "he's a placebo patient",
    "I was told it's placebo",
    "She told me mine was fake",
    "the bag said placebo",
    "my envelope said control group",
    "the label on the bag read saline placebo",
    "I am one of the placebo people",
    "I drew the short straw, placebo",
    "turns out I only had salt water",
    "all I got was salt water",
    "I got the low dose",
    "I'm high dose",
    "I'm low dose group",
    "Im in arm A",
    "we're on active treatment arm",
    "got the actual cells says nurse",
    "nurse said its the real deal",
    "definitely placebo",
    "Nope, placebo.",
    "I have had the sham",
    "Subject unblinded to active treatment by pharmacist",
    "Reported that participant received placebo",
    "The participant believes they are on placebo",
    "believes he got placebo",
    "convinced I got the placebo",
    "no effect so must be the control",
    "placebo for me :(",
    "placebo 100%",
]

SILENT = [
    # questions, wishes, fears
    "我是不是安慰剂组",
    "我是安慰剂组吗",
    "请问我打的是真的还是假的",
    "我打的是真的干细胞吗?",
    "不知道我是不是对照组",
    "会不会给我用的是安慰剂",
    "如果我是安慰剂组怎么办",
    "希望我不是安慰剂",
    "担心我是安慰剂组",
    "没人告诉我是安慰剂还是真药",
    "什么时候揭盲",
    "will I ever know if it was placebo?",
    "was it placebo?",
    "am I in the placebo group?",
    "did I get the real stem cells?",
    "I don't know if I got the placebo",
    "I wonder whether I'm in the control group",
    "hope I'm not on placebo",
    "nobody told me whether I am on placebo",
    "is it real or fake",
    "placebo?",
    # the trial as such
    "有一半人是安慰剂",
    "研究分为试验组和对照组",
    "知情同意书说有人会分到安慰剂组",
    "医生说可能会分到安慰剂组",
    "安慰剂组的人有副作用吗",
    "the trial has a placebo group",
    "half of the people get placebo",
    "some patients got placebo",
    "the consent form says I may get placebo",
    "is there a placebo group",
    "what is placebo",
    "it's just the placebo effect",
    "this is a placebo-controlled trial",
    # everybody's words
    "输完干细胞后发烧了",
    "干细胞打完肚子疼",
    "after the stem cell infusion I had a fever",
    "got my stem cells yesterday and now a rash",
    "试验组打电话让我来抽血",
    "明天到试验组的医生那里复查",
    "研究护士说按时吃药",
    # the same words about something else
    "今天在急诊输的是生理盐水",
    "医生给我打了盐水",
    "挂的是盐水加维生素",
    "我说的是真的,肚子真的很疼",
    "我打的是真的疼",
    "这是真的",
    "医生给我开了高剂量的利尿剂",
    "用的是高剂量激素",
    "血糖控制得不好",
    "我在A组病房",
    "空腹和对照比都高",
    "they gave me saline in the ER",
    "I was given a high dose of furosemide",
    "my blood pressure is under control",
    "I had a real infusion reaction",
    "I'm in real pain",
    "it was a real emergency",
    "the pain is real",
    "I am in the WhatsApp group",
    "blood group B",
    "in group therapy",
    "ascites culture 2x10^6 CFU",
    "wbc 4x10^6/L",
    "我是安全的,没有安慰他",
    "组织坏死",
    # what an attack on the first form brought
    "我想知道自己是安慰剂组还是试验组",
    "能不能告诉我是不是用了安慰剂",
    "医生,我打的是真干细胞吗",
    "要是打的是假的我就退出",
    "安慰剂是什么意思",
    "打安慰剂的人也要抽血吗",
    "我会被分到哪个组",
    "对照组和试验组有什么区别",
    "我不在乎是不是安慰剂",
    "怕打的是假的",
    "可别是安慰剂",
    "我说真的,肚子疼",
    "我吃的是真药店买的药",
    "我买到假药了",
    "在药店买到假药,吃完吐血",
    "我打了胰岛素",
    "我打的是胰岛素高剂量",
    "在对照说明书吃药",
    "我在小组里",
    "治疗组群里说要抽血",
    "我在治疗",
    "我在隔离组病房",
    "can you tell me if I got placebo",
    "please tell me I'm not on placebo",
    "would I feel worse on placebo",
    "are the people on placebo getting worse too",
    "when will the code be broken",
    "do placebo patients also get fevers",
    "does the control group also come in for blood tests",
    "I'm on high dose steroids",
    "I take a high dose of lactulose",
    "I was in the control of my bowels",
    "birth control pills",
    "in control of it",
    "I had a real scare",
    "got a real bad headache",
    "I have a fake tooth",
    "the infusion was cold saline they said to flush",
    "they flushed the line with saline",
    "saline nose spray",
    "I was given active charcoal",
    "took active yoghurt",
    "active treatment for hepatitis B",
    "my treatment is with lactulose",
    "in the patient group chat",
    "pain group A strep",
    "group B strep positive",
    "on the other arm",
    "rash on arm a bit",
    "pain in arm c spine",
    "IV in my arm and side",
    "the drip was in my left arm",
    "嗰支係真藥定係假藥",
]


@pytest.mark.parametrize("text", CLAIMS)
def test_what_claims_an_allocation_is_found(text: str) -> None:
    assert told(text)


@pytest.mark.parametrize("text", SILENT)
def test_a_question_the_trial_as_such_and_everyday_words_are_not(text: str) -> None:
    assert [text[start:end] for start, end in told(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "我是安 慰 剂 组",
        "我是安.慰.剂.组",
        "我是安\u200b慰剂组",
        "我在對照組",
        "護士說我打的是真的",
        "我是ＰＬＡＣＥＢＯ组",
        "I am in the ｐｌａｃｅｂｏ ｇｒｏｕｐ",
        "I got p l a c e b o",
        "I got pl\u0430cebo",
        "I'M ON PLACIBO",
        "我in对照组",
        "我是control group",
        "wo shi an wei ji zu",
        "我是“安慰剂”组",
        "I got **placebo**",
        "pt on PBO",
    ],
)
def test_it_is_found_however_it_is_spelt(text: str) -> None:
    assert MASK in masked(text)


def test_a_mask_keeps_every_other_sign_in_its_place() -> None:
    text = "今天吐血了，護士說我是安 慰 劑 組，头晕"

    shown = masked(text)

    assert shown == "今天吐血了，護士說我▇▇▇▇▇▇▇▇，头晕"
    assert len(shown) == len(text)


def test_a_red_flag_in_the_same_breath_stays_to_be_read() -> None:
    shown = masked("The nurse told me I got the real cells and now I vomit blood")

    assert shown.endswith(" and now I vomit blood")
    assert "real" not in shown


def test_what_stands_beside_a_claim_does_not_say_what_the_mask_hides() -> None:
    shown = masked("我是安慰剂组，安慰剂有副作用吗？没有干细胞吧")

    assert "安慰剂" not in shown
    assert "干细胞" not in shown
    assert "副作用吗" in shown


def test_the_mask_of_one_arm_looks_like_that_of_another_where_both_are_as_long() -> None:
    assert masked("护士说我在对照组") == masked("护士说我在试验组")


@pytest.mark.parametrize(
    "piece",
    ["我是安慰剂组", "placebo ", "was not just ", "a b c d ", "打的是", "安慰", "is it the ", "高剂量的", " - "],
)
def test_the_longest_text_takes_no_time_to_speak_of(piece: str) -> None:
    text = (piece * 4000)[:4000]
    began = time.perf_counter()

    told(text)

    assert time.perf_counter() - began < 1.5
