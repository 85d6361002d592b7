"""Whether a text asks about medicine or treatment. Pure: no Django, no clock.

It only chooses words for an answer and opens a call; what a text says about health is judged by the triage before.
"""

import re

from apps.conversations.understanding import normalise

_ASKS = re.compile(
    r"^(?:(?:hi|hello|hey|dear|doctor|dr|please|so|and|also|ok|just|quick question)\b[\s,.:!]*)*"
    r"(?:can|could|may|might|should|shall|must|do|does|did|is|are|am|was|will|would|what|whats|which|when|whens|where|how|why|who)\b"
    r"|\b(?:can|could|may|should|shall|must|do|would) (?:i|we|he|she|they|my)\b"
    r"|\b(?:is it|are they|am i) (?:ok|okay|safe|allowed|all right|alright|fine|bad|good|dangerous)\b"
    r"|\b(?:what|which|how (?:much|many|often|long)|whether|tell me if|any advice|wondering if)\b"
    r"|[吗呢么]\s*$|[吗么][，,。.]|能不能|可不可以|可以不可以|要不要|该不该|是不是|需不需要|用不用|行不行|好不好|会不会|有没有必要"
    r"|请问|想问|问一下|怎么|怎样|如何|多少|几次|几片|几粒|几天|多久|多长时间|什么|哪|为何|还是.{1,6}[?？]?$|是否|能否|可否"
)
_TREATMENT = re.compile(
    r"\b(?:medic(?:ine|ines|ation|ations)|meds?|tablets?|pills?|capsules?|drugs?|dos(?:e|es|age|ing)|treatments?|therap(?:y|ies)"
    r"|vaccin\w*|jabs?|injections?|infusions?|drips?|antibiotics?|antivirals?|painkillers?|pain killers?|paracetamol|acetaminophen"
    r"|ibuprofen|aspirin|vitamins?|supplements?|herb\w*|remed(?:y|ies)|lactulose|diuretics?|water tablets?|insulin|entecavir"
    r"|tenofovir|prescriptions?|side effects?|surgery|operation|transplant|placebo)\b"
    r"|药(?!店|房)|中草药|剂量|治疗|疗程|疗法|打针|输液|疫苗|手术|移植|副作用|加量|减量|保健品|营养品|偏方|维生素|维[a-e生]|抗生素"
    r"|胶囊|冲剂|颗粒|注射|胰岛素|乳果糖|恩替卡韦|替诺福韦|布洛芬|阿司匹林|安慰剂"
)


def is_question(text: str) -> bool:
    """Whether it asks something, with or without its mark."""
    return text.rstrip().endswith(("?", "？")) or _ASKS.search(normalise(text)) is not None


def names_treatment(text: str) -> bool:
    return _TREATMENT.search(normalise(text)) is not None
