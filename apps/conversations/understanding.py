"""What a short text means as an answer or a command. Pure: no Django, no clock.

A command counts only when it is the whole text: "stop" is an opt-out, "the bleeding won't stop" is not. Digits are understood in every
script (`1`, `１`, `一`, "one"), one or several at once. Nothing here judges health: that is the triage.
"""

import re
import unicodedata
from dataclasses import dataclass

from apps.core.wording import heard_anywhere

_NUMERALS = dict(zip("零〇一壹二两三四五六七八九", "0011223456789", strict=True))
_WORDS = {
    word: str(value)
    for value, word in enumerate(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
}
# Keycaps, and signs that nobody sees and keyboards and copied text bring along: "STOP" with one before it is STOP.
_UNSEEN = re.compile("[\ufe0f\u20e3\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_EDGES = " \t\r\n.,;:!。，；：！、~～…'\"“”‘’()（）[]【】"
_APOSTROPHES = re.compile(r"['’‘`]")
_SEPARATORS = re.compile(r"[\s,，、;；./和与及跟&+-]+|\band\b")
_ANSWER_LEAD = re.compile(r"^(?:answer|reply|option|number|no\.?|我选|选|回复|回|答)\s*(?=[0-9a-c一二三四五六七八九])")
_FILLERS = re.compile(
    r"\b(?:i|we|am|im|are|is|was|all|the|and|you|very|much|so|really|feeling|feel|doing|today|now|still|here|can|could|everything|too|just|its|it|a|lot|yes|yeah|hi|hello|pretty|quite|team|doctor|dear)\b"
    r"|[我们您你也都很的了呢啊哦噢呀吧嗯哈挺还是今天目前现在一切感觉身体医生大夫护士]"
)
_STOP_LEAD = re.compile(
    r"^(?:reply|send|text|回复|回|发送|发)[\s:\"“”]*"
)  # as our own texts say it: "reply STOP", 退订回TD
_PLEASE = re.compile(r"^(?:please|pls|plz|请|麻烦)[\s,，]*|[\s,，.!。！]*(?:please|pls|plz|thanks|thank you|谢谢)$")
_HELP_COMES = re.compile(r"\b(?:you|team|doctor)\b|[你您]|医生|大夫|护士|[?？]")  # "are you on the way?"
_MAX_ANSWERS = 9
_DIGIT_FIRST = re.compile(r"(?P<digit>[1-3一二三])[\s=:：.。,，、;；-]*(?P<words>\D.*)")
_DIGITS = {"ok": "1", "same": "1", "not_ok": "2", "call_me": "3"}
CARRIERS_TAKE_LETTERS = frozenset({"CN"})  # there a single T or N is an opt-out by the carriers' rules


@dataclass(frozen=True)
class Understood:
    """`command`: an exact command; `answers`: digits or letters of a list, in the order given; `phrase`: ok, not_ok, call_me,
    thanks, same and the like, when the text is nothing else; `is_disorientation`: words that may be a brain sign."""

    command: str | None = None
    answers: tuple[str, ...] = ()
    phrase: str | None = None
    is_disorientation: bool = False
    asks_first: bool = False


EXACT = ("stop", "start", "help", "lang_en", "lang_zh", "wrong_number")
PHRASES = (
    "not_ok",
    "call_me",
    "same",
    "reschedule",
    "visit_yes",
    "new_number",
    "on_the_way",
    "at_hospital",
    "death_mistake",
    "caregiver",
    "ok",
    "thanks",
)


def read(text: str, *, country: str = "") -> Understood:
    """Understand a whole text; an empty `Understood` when it is none of these. `country`: of the phone that it came from."""
    plain = _as_stop(normalise(text))
    hears = heard_anywhere()
    if plain in hears["stop"].required_only and country not in CARRIERS_TAKE_LETTERS:
        return Understood()  # "N" is no, not an opt-out
    for command in EXACT:
        if plain in hears[command].words or (plain == "" and _is_only_question_mark(text) and command == "help"):
            return Understood(
                command=command,
                is_disorientation=plain in hears[command].disorientation,
                asks_first=plain in hears[command].ask_first,
            )
    bare = _without_courtesy(plain)
    if answers := _answers(plain) or _answers(bare):
        return Understood(answers=answers)
    return Understood(phrase=_phrase(plain) or _phrase(bare) or _beside_its_digit(bare))


def polite_stop(text: str) -> Understood | None:
    """A word of STOP and a courtesy, nothing else: "please stop". No command yet, since it may be about the pain: triage comes first."""
    plain = normalise(text)
    bare = _without_courtesy(plain)
    understood = read(bare)
    return understood if bare != plain and understood.command == "stop" else None


def _without_courtesy(plain: str) -> str:
    return _PLEASE.sub("", _PLEASE.sub("", plain))


def _as_stop(plain: str) -> str:
    """The word of STOP that a text is when it is that word as our texts ask for it, in parts ("stop all") or more than once (TD退订)."""
    stop = heard_anywhere()["stop"]
    bare = _STOP_LEAD.sub("", plain)
    for each in (bare, bare.replace(" ", "")):
        if each in stop.words:
            return each
    sure = sorted(set(stop.carrier) - set(stop.required_only) - set(stop.ask_first), key=len, reverse=True)
    found = re.fullmatch(rf"(?:({'|'.join(map(re.escape, sure))})\W*)+", bare)
    return found[1] if found else plain


def normalise(text: str) -> str:
    """NFKC, lower case, no apostrophes, no edges, single spaces."""
    folded = unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).lower()
    return " ".join(_APOSTROPHES.sub("", folded).strip(_EDGES).split())


def _is_only_question_mark(text: str) -> bool:
    return unicodedata.normalize("NFKC", text).strip() in ("?", "??")


def _answers(plain: str) -> tuple[str, ...]:
    plain = _ANSWER_LEAD.sub("", plain)
    parts = [part for part in _SEPARATORS.split(plain) if part]
    signs = [_sign(part) for part in parts]
    if not parts or len(parts) > _MAX_ANSWERS or None in signs:
        return ()
    return tuple(dict.fromkeys(sign for sign in signs if sign))


def _sign(part: str) -> str | None:
    if part in _WORDS:
        return _WORDS[part]
    if len(part) == 1:
        if part in _NUMERALS:
            return _NUMERALS[part]
        if part in "abc" or (part.isdecimal() and part.isascii()):
            return part.upper()
    return None


def _beside_its_digit(plain: str) -> str | None:
    """The phrase of "1 fine" or "3，给我打电话", where digit and words say the same of a check-in; of two that disagree nothing is made."""
    found = _DIGIT_FIRST.fullmatch(plain)
    phrase = _phrase(_without_courtesy(found["words"])) if found else None
    return phrase if found and phrase and _DIGITS.get(phrase) == _sign(found["digit"]) else None


def _phrase(plain: str) -> str | None:
    """The phrase that the text consists of, besides fillers. "fine, thanks" is ok; "fine but dizzy" is nothing here."""
    rest, found = f" {plain} ", []
    for phrase in PHRASES:
        for word in sorted(heard_anywhere()[phrase].words, key=len, reverse=True):
            if len(word) < 2 or word not in rest:
                continue
            pattern = rf"(?<![a-z]){re.escape(word)}(?![a-z])"
            rest, count = re.subn(pattern, " ", rest)
            if count:
                found.append(phrase)
    if found[:1] in (["on_the_way"], ["at_hospital"]) and _HELP_COMES.search(plain):
        return None
    left = _FILLERS.sub("", rest).strip(_EDGES + " ?？")
    return found[0] if found and not _SEPARATORS.sub("", left) else None
