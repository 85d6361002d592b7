"""From the words as sent to tokens that can be compared, without losing where each came from.

A token is a Latin word (stemmed), a number, one CJK character, or one other sign. Width, case, accents, traditional
characters, apostrophes, elongations and SMS shorthand are folded; every token keeps its offsets in the original text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)*|\d+(?:[.,:/]\d+)*|[^\s]")
_LONG = re.compile(r"([a-z])\1{2,}")
_APOSTROPHES = dict.fromkeys(map(ord, "’‘`´ʼ＇"), "'")
_STEM_KEEP = frozenset(
    "is was has his this its us as gas yes bus less does always pus news perhaps unless was thus plus virus pancreas "
    "during thing nothing something anything everything morning evening king ring being bed red need feed bleed seed "
    "speed weed indeed wedding ceiling sibling spring string bring sing wing tring need shed fred ted led sled "
    "analysis diagnosis sepsis cirrhosis dialysis icu ass mess loss illness dizziness pass piss kiss miss toss cross "
    "boss glass class grass dress stress press guess bless hopeless restless breathless yes des bs gps sms".split()
)
_IRREGULAR = {
    "threw": "throw", "thrown": "throw", "fell": "fall", "fallen": "fall", "broke": "break", "broken": "break",
    "bled": "bleed", "felt": "feel", "woke": "wake", "woken": "wake", "awoke": "wake", "spat": "spit", "shook": "shake",
    "shat": "shit", "shitted": "shit", "peed": "pee", "peeing": "pee", "pees": "pee", "weed": "wee", "ate": "eat", "eaten": "eat",
    "drank": "drink", "drunk": "drink", "slept": "sleep", "kept": "keep", "lost": "lose", "losing": "lose", "swelled": "swell", "swollen": "swell",
    "died": "die", "dies": "die", "dying": "dying", "lay": "lie", "lying": "lie", "lies": "lie", "laying": "lie", "stood": "stand", "went": "go",
    "gone": "gone", "goes": "go", "going": "go", "came": "come", "coming": "come", "took": "take", "taken": "take", "taking": "take", "got": "get",
    "gotten": "get", "getting": "get", "knew": "know", "known": "know", "saw": "see", "seen": "see", "seeing": "see", "heard": "hear",
    "said": "say", "says": "say", "spoke": "speak", "hurts": "hurt", "hurting": "hurt", "shaking": "shake", "shakes": "shake", "shaken": "shake",
    "breathing": "breathe", "breathed": "breathe", "breathes": "breathe", "choking": "choke", "waking": "wake", "wakes": "wake",
    "coughing": "cough", "rushed": "rush", "worse": "worse", "bloody": "bloody", "bruised": "bruise", "bruises": "bruise",
    "bruising": "bruise", "eyes": "eye", "eyed": "eye", "feet": "foot", "teeth": "tooth", "puking": "puke", "puked": "puke", "pukes": "puke",
    "pooping": "poop", "pooped": "poop", "stools": "stool", "wheezing": "wheeze", "wheezes": "wheeze", "fevers": "fever", "ached": "ache",
    "aches": "ache", "aching": "ache", "having": "have", "had": "have", "has": "have", "seizing": "seize", "seized": "seize", "seizures": "seizure",
    "drowned": "drown", "couldnt": "cant", "cannot": "cant", "couldn": "cant", "wont": "wont", "cnt": "cant", "kant": "cant",
    "legs": "leg", "hives": "hives", "gasping": "gasp", "passing": "pass", "passed": "pass", "passes": "pass", "ran": "run", "running": "run",
    "talking": "talk", "making": "make", "makes": "make", "made": "make", "sleeping": "sleep", "sleepin": "sleep", "bleedin": "bleed",
    "thought": "think", "thinks": "think", "thinking": "think", "found": "find", "drove": "drive", "driven": "drive", "stung": "sting",
    "bit": "bit", "bitten": "bite", "cut": "cut", "fits": "fit", "fitting": "fit", "wee": "wee", "weeing": "wee", "slurring": "slur", "slurred": "slur", "slurs": "slur",
    "staring": "stare", "stares": "stare", "stared": "stare", "using": "use", "used": "used", "collapsed": "collapse", "collapsing": "collapse",
    "collapses": "collapse", "recognise": "recognize", "recognised": "recognize", "recognises": "recognize", "recognizes": "recognize", "recognized": "recognize",
    "diarrhoea": "diarrhea", "haemorrhage": "hemorrhage", "oedema": "edema", "anaemia": "anemia", "colour": "color", "grey": "gray", "mum": "mom", "mummy": "mom",
    "tummy": "belly", "abdomen": "belly", "abdominal": "belly", "tum": "belly",
    "wheres": "where", "whos": "who", "whats": "what",
}
_SHORTHAND = {
    "u": "you", "ur": "your", "r": "are", "pls": "please", "plz": "please", "thx": "thanks", "ty": "thanks", "tmrw": "tomorrow",
    "tmr": "tomorrow", "tomoz": "tomorrow", "yest": "yesterday", "ystrday": "yesterday", "hosp": "hospital", "hospi": "hospital", "meds": "medicine", "med": "medicine",
    "dr": "doctor", "doc": "doctor", "docs": "doctor", "tho": "though", "cuz": "because", "coz": "because", "cos": "because", "bc": "because",
    "w": "with", "wo": "without", "b": "be", "n": "and", "nd": "and", "abt": "about", "sth": "something", "smth": "something", "ppl": "people",
    "dunno": "dont know", "gonna": "go to", "wanna": "want to", "cld": "could", "wld": "would", "shd": "should", "wk": "week", "wks": "week", "hrs": "hour", "hr": "hour",
    "mins": "minute", "min": "minute", "yrs": "year", "yr": "year", "mth": "month", "mths": "month", "tonite": "tonight", "nite": "night", "luv": "love",
    "amb": "ambulance", "temp": "temperature", "brekkie": "breakfast", "hubby": "husband", "hubbys": "husband", "ambo": "ambulance",
    "im": "i", "ive": "i", "id": "i", "ill": "ill", "hes": "he", "shes": "she", "theyre": "they", "youre": "you", "weve": "we",
}


@dataclass(frozen=True, slots=True)
class Token:
    """`text` is the folded and stemmed form, `raw` the folded form; offsets are into the original text."""

    text: str
    raw: str
    start: int
    end: int


class _Fold(dict[str, str]):
    """One character to its folded form, computed once a character (NFKC, lower case, no marks, simplified)."""

    def __init__(self, simplified: Mapping[str, str]) -> None:
        super().__init__()
        self._simplified = simplified

    def __missing__(self, char: str) -> str:
        folded = unicodedata.normalize("NFKC", char).lower()
        if not folded.isascii():
            parts = unicodedata.normalize("NFKD", folded)
            if any("a" <= c <= "z" for c in parts) or all(unicodedata.category(c) in ("Mn", "Cf") for c in parts):
                folded = "".join(c for c in parts if unicodedata.category(c) not in ("Mn", "Cf"))
        folded = "".join(self._simplified.get(c, c) for c in folded).translate(_APOSTROPHES)
        if len(self) < 50_000:  # an attacker's alphabet must not fill the memory
            self[char] = folded
        return folded


def stem(word: str) -> str:
    """A light English stem: enough to bring "bleeds", "bleeding" and "bled" together, no more."""
    known = _IRREGULAR.get(word) or _SHORTHAND.get(word)
    if known:
        return known
    if len(word) <= 3 or word in _STEM_KEEP:
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("ing") and len(word) > 5:
        return _undouble(word[:-3])
    if word.endswith("ied") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("ed") and len(word) > 4:
        return _undouble(word[:-2])
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1].removesuffix("e") if len(word) > 4 else word[:-1]
    return word.removesuffix("e") if len(word) > 4 else word


def _undouble(stemmed: str) -> str:
    if len(stemmed) > 3 and stemmed[-1] == stemmed[-2] and stemmed[-1] not in "lsz":
        return stemmed[:-1]
    return stemmed.removesuffix("e") if len(stemmed) > 4 else stemmed


class Normaliser:
    """Turns text into tokens. `known` are the stems of the catalogue, used to undo elongations."""

    def __init__(self, simplified: Mapping[str, str]) -> None:
        self._fold = _Fold(simplified)
        self._stems: dict[str, str] = {}

    def fold(self, text: str) -> tuple[str, list[int]]:
        """The folded text and, for each of its characters (and its end), the offset in the original."""
        out: list[str] = []
        where: list[int] = []
        fold = self._fold
        for at, char in enumerate(text):
            folded = fold[char]
            if len(folded) == 1:
                out.append(folded)
                where.append(at)
            else:
                out.extend(folded)
                where.extend([at] * len(folded))
        where.append(len(text))
        return "".join(out), where

    def tokens(self, folded: str, where: list[int]) -> list[Token]:
        """The tokens of a folded text."""
        found: list[Token] = []
        stems = self._stems
        for match in _TOKEN.finditer(folded):
            word = match.group()
            begin, finish = match.span()
            start, end = where[begin], where[finish - 1] + 1
            if "a" <= word[0] <= "z":
                text = stems.get(word)
                if text is None:
                    text = self._stem(word)
                for part in text.split(" ") if " " in text else (text,):
                    found.append(Token(part, word, start, end))
            else:
                found.append(Token(word, word, start, end))
        return found

    def _stem(self, word: str) -> str:
        base, _, tail = word.partition("'")
        if tail in ("ll", "ve", "d", "m", "re"):  # "he'll" is he, "ill" is ill
            return stem(base)
        plain = word.replace("'", "")
        if plain.endswith("s") and word.endswith("'s") and plain not in _IRREGULAR and plain not in _SHORTHAND:
            plain = plain[:-1]
        text = stem(_LONG.sub(r"\1", plain))
        if len(self._stems) < 50_000:
            self._stems[word] = text
        return text
