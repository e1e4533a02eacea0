"""Health check, metrics and logs for operators."""
