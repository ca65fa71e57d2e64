"""Real services for tests: PostgreSQL, MQTT brokers and Chromium, each started by the fixture that needs it."""
