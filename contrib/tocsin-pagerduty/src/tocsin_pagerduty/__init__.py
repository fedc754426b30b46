"""The backend ``pagerduty``: incidents become PagerDuty's, over its Events API v2; see the README."""
