"""Telegram for tocsin: notifications as messages of a bot, to people, groups and channels."""
