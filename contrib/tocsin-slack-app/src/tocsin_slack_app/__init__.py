"""tocsin as a Slack app: one message per incident, a thread for its events, and buttons that answer."""

from tocsin_slack_app.asgi import InteractionsApp
from tocsin_slack_app.interactions import SlackInteractions
from tocsin_slack_app.settings import InteractionsConfig

__all__ = ["InteractionsApp", "InteractionsConfig", "SlackInteractions"]
