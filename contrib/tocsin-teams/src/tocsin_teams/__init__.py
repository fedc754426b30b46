"""Microsoft Teams for tocsin: notifications as Adaptive Cards, through a webhook of Workflows."""
