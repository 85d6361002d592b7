"""Every address of the product."""

from django.contrib import admin
from django.urls import path

from apps.conversations import views as conversations
from apps.conversations import views_ack, views_calls, views_voice
from apps.operations import views as operations
from apps.workplace import errors
from apps.workplace import views as workplace

handler400, handler403, handler404, handler500 = errors.bad_request, errors.not_allowed, errors.not_found, errors.broken

urlpatterns = [
    path("", workplace.front_door, name="front"),
    path("admin", workplace.front_door, name="front-admin"),
    path("admin/", admin.site.urls),
    path("language/", workplace.set_language, name="set_language"),
    path("phone/", workplace.phone, name="phone"),
    path("phone/state/", workplace.phone_state, name="phone-state"),
    path("phone/texts/", workplace.phone_text, name="phone-text"),
    path("sms/<slug:gateway>/inbound/", conversations.inbound, name="sms-inbound"),
    path("sms/<slug:gateway>/status/<uuid:attempt>/", conversations.status, name="sms-status"),
    path("ack/<str:token>/", views_ack.acknowledge, name="acknowledge"),
    path("page/<str:token>/delivered/", views_voice.page_delivered, name="page-delivered"),
    path("voice/page/<uuid:page>/", views_voice.page_call, name="voice-page"),
    path("voice/page/<uuid:page>/keys/", views_voice.page_keys, name="voice-keys"),
    path("voice/page/<uuid:page>/status/", views_voice.page_status, name="voice-status"),
    path("voice/aliyun/<str:token>/", views_voice.aliyun_reports, name="voice-aliyun"),
    path("voice/call/", views_calls.call_arrived, name="call-arrived"),
    path("voice/call/ended/", views_calls.call_ended, name="call-ended"),
    path("voice/call/<uuid:call>/<int:place>/next/", views_calls.call_next, name="call-next"),
    path("voice/call/<uuid:call>/<int:place>/offer/", views_calls.call_offered, name="call-offered"),
    path("voice/call/<uuid:call>/<int:place>/accept/", views_calls.call_accepted, name="call-accepted"),
    path("rota/<str:token>.ics", views_ack.duty_calendar, name="duty-calendar"),
    path("healthz", operations.healthz, name="healthz"),
]
