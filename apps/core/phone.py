"""Phone numbers: E.164 by `phonenumbers`, shown masked, never logged."""

from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberType

# The United States and Australia give one range to fixed and mobile lines alike, so a number that may be either is accepted.
_MOBILE = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}


class NotAMobile(Exception):
    """The number is not a complete number that can be a mobile."""


@dataclass(frozen=True)
class Number:
    """A parsed number: `e164` such as +61491570006, `country` as ISO alpha-2 (empty where none is assigned)."""

    e164: str
    country: str

    def __repr__(self) -> str:
        return f"Number({masked(self.e164)})"


def parse_mobile(text: str, *, region: str | None = None) -> Number:
    """Read a number as somebody typed it. Raises NotAMobile, whose text never repeats the number."""
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise NotAMobile("not a phone number; write it as + country code and number") from error
    if not phonenumbers.is_valid_number(parsed):
        raise NotAMobile("this number is not assigned anywhere; check the digits")
    if phonenumbers.number_type(parsed) not in _MOBILE:
        raise NotAMobile("this number cannot be a mobile, so it cannot receive texts")
    return _number(parsed)


def normalise(text: str) -> Number | None:
    """A sender's address as E.164, whatever kind of line it is; None when it is no number (a short code, a name)."""
    try:
        parsed = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return None
    return _number(parsed) if phonenumbers.is_possible_number(parsed) else None


def _number(parsed: phonenumbers.PhoneNumber) -> Number:
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return Number(e164, phonenumbers.region_code_for_number(parsed) or "")


def masked(e164: str) -> str:
    """`+61*******06`: enough to recognise, not enough to call."""
    return f"{e164[:3]}{'*' * max(0, len(e164) - 5)}{e164[-2:]}" if len(e164) > 5 else "*" * len(e164)


def grouped(text: str) -> str:
    """A number as people read it aloud and dial it, `+86 138 1234 5678`; a short one (120) stays as it is."""
    try:
        parsed = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return text
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL).replace("-", " ")
