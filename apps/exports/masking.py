"""A copy of somebody's own words without what would tell who they are, or which treatment they got. Pure.

Masking happens at once and delays nothing; the site reads it again afterwards, and the original stays with the site (decision 16). It
masks too much rather than too little: a number that may be a phone's is a phone's. It is patterns, not understanding: a name that
stands alone, without a title, a relation or an introduction, is found only when it is a name that the caller knows.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from apps.core import arm_words

VERSION = "3"

# The hundred commonest surnames but for those that are everyday words as well (such as 方, 常, 于, 向 and 和 before a title).
_SURNAME = (
    "(?:欧阳|司马|上官|诸葛|"
    "[王李张刘陈杨赵黄周吴徐孙胡朱高林郭马罗梁宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田姜范石姚谭廖邹熊金陆郝孔崔康毛邱秦江史顾侯邵孟龙段雷钱汤尹黎易武乔贺赖龚文])"
)
_NOT_A_NAME = "(?!高血|高烧|高热|黄疸|黄染|黄水|马上|文字|石头|金额|夏天|余下|程度|田间|龙头|江边|雷声|金黄|胡言|黄色)"
_HAN = "[\u4e00-\u9fff]"
_ENDS = r"(?=[，。,.\s;；！!、？?的]|$)"
_STREET = r"street|road|avenue|lane|boulevard|crescent|terrace|rd|ave|blvd"
_SMALL = r"(?!(?:the|on|in|of|my|a|an|to|days?|hours?|times?)\b)"


@dataclass(frozen=True)
class _Rule:
    """What a pattern finds; a group `it` narrows the span. A rule without a kind protects its span from the others."""

    kind: str
    pattern: re.Pattern[str]


def _rule(kind: str, pattern: str, *, ignore_case: bool = False) -> _Rule:
    return _Rule(kind, re.compile(pattern, re.IGNORECASE if ignore_case else 0))


_HOME = r"[^，。；、,.;!?！？\s]{1,30}(?:省|市|区|县|镇|乡|村|路|街|巷|弄|号|楼|栋|室|花园|公寓|家园)"
_RELATION = (
    "(?:丈夫|老公|妻子|老婆|爱人|儿子|女儿|父亲|母亲|爸爸?|妈妈?|哥哥|姐姐|弟弟|妹妹|家属|患者|病人|受试者)[叫是:：]?"
)
_KIN = "husband|wife|son|daughter|father|mother|brother|sister|friend|uncle|aunt|mum|mom|dad"
_TITLE = "医生|大夫|主任|教授|护士|院长|先生|女士|小姐|阿姨|叔叔|大爷|奶奶|师傅"
_CAPITAL = r"[A-Z][a-z'-]+"
_INTRODUCED = r"(?:我叫|名叫|名字[是叫]?|姓名[是为]?)\s*[:：]?\s*"

_KEPT = [  # dates and years look like numbers to call
    _rule("", r"(?<!\d)(?:19|20)\d\d\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}(?!\d)日?"),
    _rule("", r"(?<!\d)(?:19|20)\d\d\s?[-~—–到至]\s?(?:19|20)\d\d(?!\d)"),
]
# Every repetition is bounded or cannot begin twice in one run: a text of any length is masked in time that grows with its length.
_RULES = [
    _rule("link", r"(?:https?://|www\.)[^\s，。；）)]+", ignore_case=True),
    _rule(
        "link",
        r"(?<![a-z0-9._+-])[a-z0-9._+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,4}",
        ignore_case=True,
    ),
    _rule(
        "link",
        r"(?:微信|wechat|weixin|\bqq|\bvx)\s*(?:号码?|id)?\s*(?:是|is)?\s*[:：]?\s*(?P<it>[a-z0-9][\w-]{4,})",
        ignore_case=True,
    ),
    _rule("number", r"(?<![\d.])\+?\d{6,}[\dXx]?(?:[ -]\d{3,8})?(?!\d)"),
    _rule("number", r"(?<![\d.])\d(?:[ .-]\d){6,}(?![\d.])"),
    _rule("number", r"(?<![\d.])\d{3}\.\d{3,4}\.\d{4}(?![\d.])"),
    _rule("number", r"(?:\+|\b00)\d{1,3}(?:[ -]?\(?\d{1,4}\)?){2,6}(?!\d)"),
    _rule(
        "number",
        r"(?<![\d.])(?=[\d ()-]{0,24}\d{4})(?=(?:[ ()-]*\d){7})\(?\d{2,4}\)?(?:[ -]{1,2}\d{2,8}){1,4}(?![\d.])",
    ),
    _rule("number", r"[零〇一二三四五六七八九幺]{7,}"),
    _rule(
        "address",
        rf"(?:{_HAN}{{2,5}}?省)?{_HAN}{{2,4}}?市{_HAN}{{1,4}}?[区县镇乡](?:{_HAN}{{1,8}}?[路街巷村])?(?:\d+号?)?",
    ),
    _rule(
        "address",
        rf"{_HAN}{{2,8}}?(?:路|街|巷|弄|胡同|大道)\s*\d+\s*[号弄]"
        r"(?:\s*[\dA-Za-z-]+\s*(?:号楼|栋|幢|座|单元|楼|层|室|号))*",
    ),
    _rule("address", r"(?<!\d)\d{1,4}\s*(?:号楼|栋|幢)(?:\s*\d+\s*(?:单元|门|层|楼|室|号))*|(?<!\d)\d{3,4}\s*室"),
    _rule("address", rf"(?:家住|住在|家在|地址[是为]?[:：]?)\s*(?!医院|病房)(?P<it>{_HOME})"),
    _rule("address", rf"\b\d+[a-z]?\s+(?:{_SMALL}[a-z][\w'.]*\s+){{1,3}}(?:{_STREET})\b", ignore_case=True),
    _rule("address", r"\b\d+[A-Za-z]?\s+(?:[A-Z][\w']+\s+){1,3}(?:St|Dr|Drive|Court|Ct|Place|Pl|Square|Way|Close)\b"),
    _rule(
        "address", r"\b(?:apartment|apt|flat|room|building|block)\.?\s*(?:no\.?\s*|#\s*)?\d+[a-z]?\b", ignore_case=True
    ),
    _rule(
        "name",
        r"\b(?:[Mm]y name is|[Nn]ame is|[Nn]ame:|I am called|I'm called)\s+(?P<it>[A-Za-z][\w'-]*(?:\s+[A-Z][\w'-]*){0,2})",
    ),
    _rule(
        "name",
        rf"\b(?:I am|I'm|[Tt]his is)\s+(?P<it>{_CAPITAL}(?:\s+{_CAPITAL}){{0,2}})"
        r"(?=\s*(?:[,.!;]|$|from\b|here\b|calling\b|writing\b))",
    ),
    _rule("name", r"\b(?:Mr|Mrs|Ms|Miss|Dr|Doctor|Prof|Professor|Nurse)\.?\s+(?P<it>[A-Z][\w'-]+(?:\s+[A-Z][\w'-]+)?)"),
    _rule("name", rf"\b(?:{_KIN}),?\s+(?P<it>{_CAPITAL}(?:\s+{_CAPITAL})?)"),
    _rule("name", rf"{_INTRODUCED}(?P<it>{_HAN}{{2,4}}?){_ENDS}"),
    _rule("name", rf"{_INTRODUCED}(?P<it>{_SURNAME}{_HAN}{{1,2}})"),
    _rule("name", rf"我是(?P<it>{_NOT_A_NAME}{_SURNAME}{_HAN}{{1,2}}){_ENDS}"),
    _rule("name", rf"(?P<it>{_SURNAME}{_HAN}{{0,2}}?)(?:{_TITLE})"),
    _rule(
        "name",
        rf"{_RELATION}(?P<it>{_NOT_A_NAME}{_SURNAME}{_HAN}{{1,2}}?)"
        r"(?=[，。,.\s;；！!、的今昨现刚又从早晚吐发头肚便拉]|$)",
    ),
]


def mask(text: str, *, names: Iterable[str] = ()) -> str:
    """`text` with `[name]`, `[number]`, `[address]`, `[link]` and `[treatment]` in the place of what was found.

    `names` are people whose names the caller knows, such as staff, written as they are; one of a single letter is not looked for.
    """
    plain = arm_words.same_length(text)
    kept = [match.span() for rule in _KEPT for match in rule.pattern.finditer(plain)]
    found = [*_found(plain, kept), *_known(plain, names), *_treatments(text, plain)]
    parts, at = [], 0
    for start, end, kind in _apart(found):
        parts += [text[at:start], f"[{kind}]"]
        at = end
    return "".join([*parts, text[at:]])


def _treatments(text: str, plain: str) -> Iterator[tuple[int, int, str]]:
    """Every word of treatment, whatever is said of it, and whatever claims an arm in other words ("what they gave me was saline")."""
    words = [match.span() for match in arm_words.WORDS.finditer(plain)]
    claims = [
        (start, end)
        for start, end in arm_words.told(text)
        if not any(start < there and here < end for here, there in words)
    ]
    yield from ((start, end, "treatment") for start, end in [*words, *claims])


def _found(plain: str, kept: list[tuple[int, int]]) -> Iterator[tuple[int, int, str]]:
    for rule in _RULES:
        for match in rule.pattern.finditer(plain):
            start, end = match.span("it") if "it" in rule.pattern.groupindex else match.span()
            if rule.kind != "number" or not any(start < there and here < end for here, there in kept):
                yield start, end, rule.kind


def _known(plain: str, names: Iterable[str]) -> Iterator[tuple[int, int, str]]:
    for name in names:
        word = arm_words.same_length(name.strip())
        if len(word) < 2:
            continue
        pattern = re.escape(word) if re.search(_HAN, word) else rf"\b{re.escape(word)}\b"
        yield from ((*match.span(), "name") for match in re.finditer(pattern, plain))


def _apart(found: list[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """Spans that do not overlap: what begins first wins, then the longest; a later one that reaches further is joined to it."""
    joined: list[tuple[int, int, str]] = []
    for start, end, kind in sorted(found, key=lambda span: (span[0], -span[1])):
        if start == end:
            continue
        if joined and start < joined[-1][1]:
            before = joined[-1]
            joined[-1] = (before[0], max(before[1], end), before[2])
        else:
            joined.append((start, end, kind))
    yield from joined
