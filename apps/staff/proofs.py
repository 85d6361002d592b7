"""A code that stands in an e-mail to its owner and nowhere else: whoever types it reads the mailbox of the account."""

import base64

from django.utils.crypto import constant_time_compare, salted_hmac

from apps.staff.models import User

_LENGTH = 12


def code_of(user: User) -> str:
    """`ABCD-EFGH-IJKL`. It holds as long as the present password and the present address, and no row keeps it."""
    digest = salted_hmac(
        "trialcare own password", f"{user.pk}|{user.password}|{user.email}", algorithm="sha256"
    ).digest()
    plain = base64.b32encode(digest).decode()[:_LENGTH]
    return "-".join(plain[start : start + 4] for start in range(0, _LENGTH, 4))


def is_code(user: User, typed: str) -> bool:
    """Whether this is the code of today, with hyphens, spaces and small letters as people type them."""
    plain = "".join(character for character in typed.upper() if character.isalnum())
    return constant_time_compare(plain, code_of(user).replace("-", ""))
