"""Words of the conversation: what a text was, what a person must do."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class TaskKind(models.TextChoices):
    """Work for a person. Each kind is a sentence that a tired person understands."""

    READ = "read", _("Read this text: the program could not")
    CALL_BACK = "call_back", _("Call: the participant asked for a call")
    OPTED_OUT = "opted_out", _("Call: the participant stopped all texts")
    CHECK_NUMBER = "check_number", _("Call: is this still the right number?")
    CANNOT_TEXT = "cannot_text", _("Call: this phone cannot be texted")
    UNDELIVERED = "undelivered", _("Call: the text did not arrive")
    UNCERTAIN = "uncertain", _("Call: nobody knows whether our urgent text arrived")
    NO_REPLY = "no_reply", _("Call: no answer to the check-in")
    SYMPTOM = "symptom", _("Contact the participant today about a symptom")
    DEATH = "death", _("Read at once: a death may have been reported")
    UNKNOWN_NUMBER = "unknown_number", _("A text came from an unknown number")
    APPOINTMENT = "appointment", _("Set the appointment")
    MISSED_CALL = "missed_call", _("Call back: somebody phoned and nobody could answer")
    CHANGED = "changed", _("Call: how this participant answers has changed, which may be an early sign of the brain")
    HOME = "home", _("Read: they write that they are home from hospital")
    PAUSE_CALL = "pause_call", _("Call: no check-ins go out now. How are they?")
    PAUSE_OVER = "pause_over", _("A pause is over: check-ins start again unless you pause them anew. How are they?")
    FROZEN = "frozen", _("A death was reported: confirm it or restore the follow-up. Nothing is texted until then")
    PROGRESS = "progress", _("Call: an item is open. How is it now?")
    OUTCOME = "outcome", _("An item is open: judge how it ended, or how it goes on")
    CONFIRM = "confirm", _("Call: ask whether number and language are right, no text has settled it")
    CAREGIVER = "caregiver", _("Call: the caregiver has not said whether they agree")
    CAREGIVER_NO = "caregiver_no", _("Ask for another contact: the caregiver said no")
    ADVICE = "advice", _("Call: a question about medicine or treatment")
    TEST_DUE = "test_due", _("Call: the test that is due")
    PLAN_NOT_KEPT = "plan_not_kept", _("Call: the day's plan was not kept, or not answered, several times in a row")
    NOT_PROCESSED = "not_processed", _("A text could not be processed automatically")
    FAREWELL = "farewell", _("Call: the regular texts have ended, and no text could say so")
    SEARCH_CALLS = "search_calls", _("Search: call the participant and the caregiver, on different days and times")
    SEARCH_CONTACT = "search_contact", _("Search: ask the contacts that the consent names")
    SEARCH_LETTER = "search_letter", _("Search: send a registered letter in a neutral envelope")
    SEARCH_STATUS = "search_status", _("Search: look for a sign of life in records, as far as the consent allows")
    SEARCH_RECORD = "search_record", _("Principal investigator: decide whether this participant is lost to follow-up")
    SEARCH_AGAIN = "search_again", _("Search again for this lost participant")
    RETURNED = "returned", _("Call: a participant who was lost has been heard of again")
    AFTER_CLOSURE = "after_closure", _("Read this: it came after the site was closed")
    CALL_AGAIN = "call_again", _("Call again, the contact person too: nobody answered")
    SECOND_CALL = "second_call", _("Call a second time, at another time of day: no answer to the check-in")
    THIRD_CALL = "third_call", _("Call a third time, in the evening or at the weekend: no answer to the check-in")
    NOT_REACHED = "not_reached", _("Investigator, please know: this participant answers neither texts nor calls")
    WELFARE = "welfare", _("Principal investigator: decide whether somebody goes and looks")
    JUDGE = "judge", _("Investigator: confirm or dismiss this serious case, so that the sponsor is told in time")
    UNFETCHED = "unfetched", _("Tell the sponsor: nobody there has fetched this serious case in time")


class QuestionState(models.TextChoices):
    OPEN = "open", "open"
    ANSWERED = "answered", "answered"
    REPLACED = "replaced", "replaced"
    EXPIRED = "expired", "expired"


class CallState(models.TextChoices):
    RINGING = "ringing", _("being put through")
    ANSWERED = "answered", _("answered")
    MISSED = "missed", _("nobody answered")


class Again(models.TextChoices):
    """When a call that nobody answered is tried again. The participant may be told the hour, so it lies within a day or is not told."""

    SOON = "soon", _("in a quarter of an hour")
    TWO_HOURS = "two_hours", _("in two hours")
    EVENING = "evening", _("this evening at 19:00")
    NEXT_DAY = "next_day", _("on the next working day at 10:00")


# Tasks that are a call to a known participant: only these can be logged as unanswered, which is then said to the participant. So not those
# that ask somebody else (the ward in a pause, a caregiver for their yes), nor whose number or language nobody knows yet.
CALLS = frozenset(
    {
        TaskKind.CALL_BACK, TaskKind.OPTED_OUT, TaskKind.CHECK_NUMBER, TaskKind.CANNOT_TEXT, TaskKind.UNDELIVERED,
        TaskKind.UNCERTAIN, TaskKind.NO_REPLY, TaskKind.SYMPTOM, TaskKind.APPOINTMENT, TaskKind.MISSED_CALL, TaskKind.CHANGED,
        TaskKind.CALL_AGAIN, TaskKind.SECOND_CALL, TaskKind.THIRD_CALL, TaskKind.PROGRESS, TaskKind.ADVICE,
        TaskKind.TEST_DUE, TaskKind.PLAN_NOT_KEPT, TaskKind.FAREWELL, TaskKind.RETURNED,
    }
)  # fmt: skip
# Done, and not in vain, they mean that somebody was spoken with. An appointment may be set without that, and a number or the phone of
# somebody who was lost may turn out to be a stranger's.
SPOKEN = CALLS - {TaskKind.APPOINTMENT, TaskKind.CHECK_NUMBER, TaskKind.RETURNED}
# Ended by the judgement itself, never by a word about it. Nobody is woken for these.
NOT_BY_HAND = frozenset({TaskKind.JUDGE})
# Calls to others than the participant, and those of a search: what is told in them may be a case too, and ends them.
TELLING = frozenset(
    {
        TaskKind.PAUSE_CALL, TaskKind.PAUSE_OVER, TaskKind.SEARCH_CALLS, TaskKind.SEARCH_CONTACT, TaskKind.SEARCH_STATUS,
        TaskKind.SEARCH_AGAIN,
    }
)  # fmt: skip
