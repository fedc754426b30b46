"""What keeps alerts quiet, indexed so that an alert costs the same however many silences and sources there are."""
