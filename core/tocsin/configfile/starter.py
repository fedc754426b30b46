"""The file that ``tocsin config init`` writes: enough to begin with, and what comes next in comments."""

from __future__ import annotations

from typing import Final

__all__ = ["STARTER"]

STARTER: Final = """\
# A tocsin configuration. `tocsin check FILE` finds what is wrong in it, all at once.
# Every key is described in docs/reference/configuration.md; `tocsin config schema` makes editors know them.
# ${NAME} is taken from the environment, and ${NAME:-otherwise} has a value to fall back on.

# Channels: the places that can be told.
channels:
  console:
    backend: console

  # team:
  #   backend: slack
  #   config:
  #     webhook_url: ${SLACK_WEBHOOK_URL}     # or {file: /run/secrets/slack}: the whole file is the value
  #   min_severity: warning
  #   rate_limit_per_minute: 20               # what is over it comes later, in one digest
  #   fallback: console                       # told when nothing can be delivered here

# Rules: which alerts go where. All conditions of a rule must hold; a list means any of its items.
# Every rule that matches adds its channels; `continue: false` stops at one.
routing_rules:
  - rule_id: bad
    conditions:
      severity: [error, critical, emergency]
    target_channels: [console]
    escalation_policy_id: nobody-answers

  # - rule_id: production
  #   conditions:
  #     cluster_pattern: prod-.*              # the whole name must match
  #     matchers: ['team=~"db|storage"']      # Prometheus' syntax
  #   target_channels: [team]
  #   mute_time_intervals: [nights]

# Who is told of an alert that no rule matches; without it, such alerts are only counted.
catch_all_channel: console

# What happens when nobody acknowledges an alert. The levels are immediate, and, after so many minutes, first (5),
# second (15), third (30) and final (60).
escalation_policies:
  nobody-answers:
    first: [console]
    # level_delays_seconds: {first: 600}

# How alerts are put together: window (by metric), grouping (as Alertmanager does), or none.
aggregation:
  strategy: window
  window_seconds: 300

# While an alert fires that meets source_matchers, those that meet target_matchers are not told.
# inhibition_rules:
#   - source_matchers: ['alertname="ClusterDown"']
#     target_matchers: ['severity=~"warning|info"']
#     equal: [cluster_id]

# Times of day need quotes: YAML reads 22:00 as a number.
# time_intervals:
#   nights:
#     - times: [{start_time: "22:00", end_time: "24:00"}, {start_time: "00:00", end_time: "07:00"}]
#       location: Europe/Berlin

# What tells you that tocsin itself cannot keep a promise, or is gone.
watchdog:
  channel_id: console

# The daemon (`tocsin serve`).
server:
  listen: 127.0.0.1:9093
  # data: /var/lib/tocsin                     # null: what it knows ends with the process
  # external_url: https://alerts.example.org
  # auth_tokens:
  #   - {name: prometheus, scopes: [ingest], hash: "sha256:…"}

# include: [conf.d/*.yaml]
"""
