"""What the shop answers."""

from __future__ import annotations

import json

from asgiref.sync import sync_to_async
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from shop import alerting
from tocsin import PerformanceAlert


def _failure(request: HttpRequest, payment_id: str) -> PerformanceAlert:
    failure = json.loads(request.body)
    return PerformanceAlert(
        alert_id=f"payments-{failure['provider']}",
        cluster_id=failure["provider"],
        severity="error",
        metric_name="payment_failures",
        message=f"payment {payment_id} failed: {failure['reason']}",
    )


@csrf_exempt
@require_POST
def payment_failed(request: HttpRequest, payment_id: str) -> JsonResponse:
    """Report it; once this has answered, the alert is committed."""
    alert = _failure(request, payment_id)
    alerting.report(alert)
    return JsonResponse({"alert_id": alert.alert_id}, status=202)


@csrf_exempt
@require_POST
async def payment_failed_async(request: HttpRequest, payment_id: str) -> JsonResponse:
    """Report it from a view that runs in the server's event loop: a thread waits for the commit, the loop does not."""
    alert = _failure(request, payment_id)
    await sync_to_async(alerting.report, thread_sensitive=False)(alert)
    return JsonResponse({"alert_id": alert.alert_id}, status=202)


@csrf_exempt
@require_POST
def acknowledge(request: HttpRequest, alert_id: str) -> JsonResponse:
    """Somebody has taken it: nobody else is called."""
    by = json.loads(request.body)["by"]
    if not alerting.service().acknowledge_alert(alert_id, by=by):
        return JsonResponse({"error": "nothing fires that is called so"}, status=404)
    return JsonResponse({"taken_by": by})


def firing_alerts(request: HttpRequest) -> JsonResponse:
    """List what fires."""
    firing = alerting.service().get_active_alerts()
    return JsonResponse({"alerts": [{"alert_id": each.alert_id, "severity": each.severity.value} for each in firing]})
