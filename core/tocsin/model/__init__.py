"""What things are: frozen values, validated when they are made. Nothing here decides, waits or knows the time."""
