"""The two kinds of form, and how they look."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _
from unfold.forms import AdminOwnPasswordChangeForm, AuthenticationForm

from apps.staff.backends import proves
from apps.staff.models import User
from apps.staff.proofs import is_code
from apps.staff.rules import Scope
from apps.staff.services import set_password
from apps.staff.telling import send_code_again
from apps.staff.vocabulary import StaffRule


class AboutForm(forms.Form):
    """A question about one row, asked of one person. By itself it asks nothing: a plain button."""

    def __init__(self, *args: Any, about: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.about, self.person = about, person
        self.prepare()

    def prepare(self) -> None:
        """Narrow choices to the row's own and fill in what is known."""

    def clean_password(self) -> str:
        """A signature is the person's own password; a new one for somebody is none."""
        password = str(self.cleaned_data["password"])
        if isinstance(self.fields["password"], PasswordField):
            check_signature(self.person, password)
        return password

    def start_anew(self, about: Any) -> None:
        """The row was changed meanwhile and the person is told so: what they send next answers to the row as it is now."""


class AddForm(forms.Form):
    """A new row, entered by somebody with this scope."""

    def __init__(self, *args: Any, scope: Scope, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope, self.person = scope, person
        self.prepare()

    def prepare(self) -> None:
        """Narrow choices to what this scope may use."""


class DayInput(forms.DateInput):
    """The browser's own date picker; the value travels as ISO whatever the page's language."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class DayField(forms.DateField):
    widget = DayInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)


class MinuteField(forms.DateTimeField):
    """A local time in the page's zone, as an aware time. A year far away is a slip of the hand, and at the edges no zone can reckon."""

    _YEARS = range(1900, 2200)

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(input_formats=["%Y-%m-%dT%H:%M"], widget=widget, **kwargs)

    def to_python(self, value: Any) -> datetime | None:
        try:
            time: datetime | None = super().to_python(value)
        except OverflowError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None
        if time is not None and time.year not in self._YEARS:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return time


class PasswordField(forms.CharField):
    """Somebody's password as a signature. Not offered by the browser: what it remembers is the password of whoever sits here."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.PasswordInput({"autocomplete": "off"}), strip=False, **kwargs)


def check_signature(person: User, password: str) -> None:
    """Before the service signs: whoever is signed in gives their own password, and tries of it are counted. Raises ValidationError."""
    if person.password_is_anothers:
        raise forms.ValidationError(_("Somebody else has set your password. Set your own first, then sign."))
    if not proves(person, password):
        raise forms.ValidationError(
            _("The signature was refused: wrong password, or too many wrong ones in a quarter of an hour.")
        )


class NewPasswordField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.PasswordInput({"autocomplete": "new-password"}), strip=False, **kwargs)


class CodeField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=_("Code from the e-mail"),
            help_text=_(
                "Somebody else has set your password. The e-mail that told you so has a code: it shows that it is you. "
                "Leave this empty to have it sent again."
            ),
            widget=forms.TextInput({"autocomplete": "one-time-code", "class": "tc-input"}),
            required=False,
            **kwargs,
        )


class SignInForm(AuthenticationForm):  # type: ignore[misc]
    """A name longer than any account's is refused before it is tried: the failure could not be counted, its column is too short."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].validators.append(MaxLengthValidator(self.fields["username"].max_length))


class OwnPasswordForm(AdminOwnPasswordChangeForm):  # type: ignore[misc]
    """One's own new password: not the one that somebody else may know. After theirs it takes the code that only its owner was sent."""

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        if user.password_is_anothers:
            self.fields["code"] = CodeField()

    def clean_old_password(self) -> str:
        """Counted and limited like one at a signature: whoever finds a session open could else try passwords without end."""
        password = str(self.cleaned_data["old_password"])
        if not proves(self.user, password):
            raise forms.ValidationError(
                _("This is not your password, or too many wrong ones came in a quarter of an hour.")
            )
        return password

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        if not is_code(self.user, code):
            send_code_again(self.user)
            raise forms.ValidationError(
                _("This is not the code that was sent to the e-mail address of your account. It has been sent again.")
            )
        return code

    def clean_new_password1(self) -> str:
        password = str(self.cleaned_data["new_password1"])
        if self.user.check_password(password):
            raise forms.ValidationError(StaffRule.SAME_PASSWORD.label)
        return password

    def save(self, commit: bool = True) -> User:
        said = self.cleaned_data
        set_password(user=self.user, password=said["new_password1"], code=said.get("code", ""))
        return self.user  # type: ignore[no-any-return]


class ButtonSelect(forms.RadioSelect):
    """A single question whose every answer is a button that sends it: one touch, and nothing is chosen beforehand."""


class ReasonForm(AboutForm):
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea({"rows": 2}))


def style(form: forms.Form) -> None:
    """One look for every field, and its errors tied to it for screen readers."""
    for bound in form:
        widget = bound.field.widget
        if isinstance(widget, forms.CheckboxInput | forms.CheckboxSelectMultiple | forms.RadioSelect):
            continue
        widget.attrs["class"] = "tc-input"
