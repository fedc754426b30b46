"""Discord for tocsin: notifications as messages with an embed, through a channel's webhook."""
