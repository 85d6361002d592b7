"""Words of a death about somebody who lives: it is wished for, foreseen or escaped ("she wants to die", 他快死了, 差点死了), or the words
go on to mean another thing ("he passed out", "he's gone home", 他没了胃口).

Whoever writes the former needs help at once, but no text goes silent and nobody is told of a loss; the latter is no death at all. Where
it cannot be told, the words count as a death's.
"""

from __future__ import annotations

import re

_WISHED_OR_AHEAD = re.compile(
    r"\b(?:wants?|wanted|wish\w*|rather|wanna|will|going to|gonna|about to)\b(?: \w+)?(?: to)?(?: be)? (?:die|dead|dying)\W*$"
)
_ESCAPED = re.compile(r"\b(?:nearly|almost)(?: \w+)? died\b")
# "Soon" before a verb is not yet (快死了); "very soon" and "so soon" tell how it went (很快死了, 这么快走了).
_CHINESE = re.compile(
    r"(?:(?<![很么麼太])快|要|将|將|想|宁愿|寧願|宁可|寧可|不如|差点|差點|差点儿|差一点|差一點|险些|險些)"
    r"(?:死|没|沒|走|去世|过世|過世|离世|離世|咽气|嚥氣|断气|斷氣|不在)(?:了|掉|掉了)?\W*$"
)
# A heart that has stopped may beat again: whoever sees it is told to call for help. In English these are the words of unconsciousness.
# Only where nothing else is told: 呼吸停了，医生宣布死亡 tells of two things, and the second is a death.
_STOPPED = re.compile(r"(?:(?:心跳|心脏|心臟|呼吸)\w{0,3}停了?|[没沒]了?(?:心跳|呼吸|脉搏|脈搏))\W*$")
_BEFORE = 8  # characters in front of the finding, which may begin with the verb
_AHEAD = 40  # characters behind it
_BETTER_DEAD = re.compile("算了|得了|拉倒")  # 死了算了; behind a comma (死了，算了) it tells of something else

_LOOKS = (
    "yellow|orange|pale|white|gr[ea]y|putty|blue|limp|floppy|quiet|silent|downhill|unconscious|mad|crazy|confused|funny|strange|weird"
    "|horrible|colou?r"
)
_GOES_ON = (  # how a finding ends, and what behind it makes it another thing: "passed a stone", but not "passed a week ago"
    (
        re.compile(r"\bpass(?:ed|es|ing)?$"),
        re.compile(
            r"\s+(?:out\b|(?:(?:a|an|any|some|the|his|her|my|all|no|more|of|lots?|little|bit|big|small)\s+){0,4}"
            r"(?:blood\w*|urine|water|wee|pee|wind|gas|stones?|stools?|motions?|poo|clots?|black|dark|red|green|loose|tarry)\b)"
        ),
    ),
    (
        re.compile(r"\bgone$"),
        re.compile(
            r"(?!.*\b(?:god|heaven|lord|maker|light|angels?|jesus|allah|glory|peace)\b)"
            r"\s+(?:to (?:the |see |get |fetch |buy |ring |call )?(?:shops?|toilet|loo|bathroom|bed|work|hospital|a&e|er|doctors?|gp|clinic"
            r"|school|town|market|pharmacy|chemist)\b|home\b(?! to)|for an? (?:walk|scan|test|drive|run|check|lie|nap|shower|blood)"
            r"|back\b|into\b|out\b|off\b|up\b|down\b|over (?:twice|again|on|his|her|my)\b|shopping\b|walking\b|missing\b|a bit\b"
            rf"|(?:very |really |so |all |quite |a |bit |sort of |funny |kind of |rather ){{0,3}}(?:{_LOOKS})\b)"
        ),
    ),
    (
        re.compile("[没沒][了有]?$"),
        re.compile(
            "了?(?:力|劲|勁|胃口|食欲|食慾|精神|工作|知觉|知覺|意识|意識|呼吸|脉|脈|心跳|气|氣|声|聲|感觉|感覺|信心|心情|耐心|兴趣|興趣|办法|辦法|主意|尿|睡意|记忆|記憶|钱|錢)"
        ),
    ),
)


def is_of_the_living(text: str, start: int, end: int) -> bool:
    """Whether the death told of in [start, end) of a text is wished for, foreseen, escaped, or may yet be undone."""
    said = text[max(0, start - _BEFORE) : end].lower()
    return (
        _WISHED_OR_AHEAD.search(said) is not None
        or _ESCAPED.search(said) is not None
        or _CHINESE.search(said) is not None
        or _STOPPED.search(text[start:end]) is not None
        or _BETTER_DEAD.match(text, end) is not None
    )


def means_another_thing(text: str, start: int, end: int) -> bool:
    """Whether the words in [start, end) of a text, a death's by themselves, go on to mean something else."""
    said, behind = text[start:end].lower(), text[end : end + _AHEAD].lower()
    return any(ends.search(said) and goes_on.match(behind) for ends, goes_on in _GOES_ON)
