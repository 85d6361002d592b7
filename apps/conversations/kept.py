"""Answers as they are kept: the first stays on its question for good, a changed mind stands beside it as a row of its own."""

from typing import Any

from apps.conversations.models import Question
from apps.conversations.vocabulary import QuestionState
from apps.core import clock
from apps.messaging.models import InboundMessage

_LONGEST = Question._meta.get_field("answer").max_length


def keep(question: Question, message: InboundMessage, answer: str = "") -> Question:
    """The row that has this answer. Where another answer was kept before, by this process or by one beside it, nothing is overwritten."""
    given = values(message, answer)
    is_first = Question.objects.filter(pk=question.pk).exclude(state=QuestionState.ANSWERED).update(**given)
    question.refresh_from_db(fields=["state", "answer", "answered_at", "answered_by"])
    if is_first or question.answer == given["answer"]:
        return question
    return beside(question, given)


def values(message: InboundMessage, answer: str) -> dict[str, Any]:
    """What makes a question an answered one."""
    return {
        "state": QuestionState.ANSWERED,
        "answer": answer[:_LONGEST],
        "answered_at": clock.now(),
        "answered_by": message,
    }


def beside(question: Question, given: dict[str, Any]) -> Question:
    """Another answer to the same question, as a row of its own."""
    return Question.objects.create(
        line=question.line, participant=question.participant, event=question.event, message=question.message,
        wording=question.wording, asked_at=question.asked_at, expires_at=question.expires_at, lane=question.lane,
        report=question.report, item=question.item, **given,
    )  # fmt: skip
