"""PagerDuty's Events API, version 2, as whoever sends to PagerDuty speaks it."""
