"""Accounts: sign-up, login, limits of password attempts, the session API, time zones of visitors."""
