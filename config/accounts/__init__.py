"""Accounts: sign-up, log-in, limits of password attempts, the session API, time zones of visitors."""
