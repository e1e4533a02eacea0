"""Accounts: sign-up, log-in, password limits, the session API, and the time zone of a visitor."""
