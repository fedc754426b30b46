"""Where the views are."""

from __future__ import annotations

from django.urls import path

from shop import views

urlpatterns = [
    path("payments/<payment_id>/failed", views.payment_failed),
    path("async/payments/<payment_id>/failed", views.payment_failed_async),
    path("alerts", views.firing_alerts),
    path("alerts/<alert_id>/acknowledge", views.acknowledge),
]
