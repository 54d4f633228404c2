"""Addresses."""

from django.urls import path

from shop import views

urlpatterns = [
    path("people", views.join),
    path("tokens", views.tokens),
    path("pictures", views.upload),
    path("jobs/<str:job_id>", views.result),
]
