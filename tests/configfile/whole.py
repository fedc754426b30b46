"""A configuration that uses everything, in YAML; the other formats' texts are made of it."""

from __future__ import annotations

WHOLE = """\
channels:
  team:
    backend: slack
    config: {webhook_url: "https://hooks.example/${TOKEN}", timeout_seconds: 5}
    min_severity: warning
    rate_limit_per_minute: 20
    template_name: short
    fallback: console
    fallback_after_seconds: 60
    human: true
    send_resolved: false
    enabled: true
  console: {backend: console, rate_limit_per_minute: null}
receivers:
  both: [team, console]
  nobody: []
routing_rules:
  - rule_id: tree
    name: All of production
    conditions: {cluster_pattern: prod-.*, severity: [error, critical], matchers: ['team=~"db|web"']}
    target_channels: [team]
    escalation_policy_id: hurry
    priority: 10
    enabled: true
    continue: false
    mute_time_intervals: [nights]
    aggregation: {strategy: grouping, group_by: [cluster_id], group_wait_seconds: 10}
    routes:
      - conditions: {labels: {noise: "yes"}}
        receiver: nobody
        continue: true
      - rule_id: rule-1-1
        active_time_intervals: [nights]
  - receiver: both
escalation_policies:
  hurry:
    name: Hurry
    immediate: [console]
    escalation_levels: {first: [team], final: [team, console]}
    default_channels: [console]
    level_delays_seconds: {first: 60}
    repeat: 2
    repeat_after_seconds: 7200
templates:
  short: {name: Short, backend: slack, subject_template: "{severity}", body_template: "{status} {message}"}
aggregation: {window_seconds: 120, fold_below: error}
inhibition_rules:
  - name: down
    source_matchers: ['alertname="Down", severity=critical']
    target_matchers: [{name: severity, operator: "=~", value: "info|warning"}, 'a!=b']
    equal: [cluster_id]
time_intervals:
  nights:
    - times: [{start_time: "22:00", end_time: "24:00"}]
      weekdays: ["monday:friday"]
      days_of_month: [1, "-3:-1"]
      months: [january, 12]
      years: ["2026:2028"]
      location: Europe/Berlin
sources:
  clock: {source: clock, config: {every_seconds: 2, mode: fast, limits: {most: 7, names: [a]}, extra: {a: 1}}}
watchdog: {channel_id: console, within_seconds: 60, heartbeat_channel: team, heartbeat_seconds: 30}
retention: {resolved_seconds: 1, deliveries_seconds: 2, journal_seconds: 3.5}
catch_all_channel: console
escalation_scheduler: levels
server:
  listen: "[::1]:0"
  data: data
  external_url: https://alerts.example.org/tocsin
  auth_tokens:
    - name: prometheus
      scopes: [ingest, read]
      hash: "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    - {name: ada, scopes: [admin], hash: "$scrypt$ln=14,r=8,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2g"}
  resolve_timeout_seconds: 60
  cluster_labels: [dc, cluster]
  severity_labels: {Page: critical, notice: info}
  max_body_bytes: 1024
  max_alerts_per_request: 5
  max_labels: 6
  max_label_length: 700
  max_connections: 8
  request_timeout_seconds: 9
  alertmanager_configuration: "route: {receiver: team}"
  traces: true
  log_format: json
  log_level: debug
"""
