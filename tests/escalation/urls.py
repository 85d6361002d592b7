"""The addresses of paging alone, so that these tests do not wait for the rest of the product."""

from django.urls import path

from apps.conversations import views_ack

urlpatterns = [path("ack/<str:token>/", views_ack.acknowledge, name="acknowledge")]
