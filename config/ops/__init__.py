"""What an operator reads: health check, metrics and logs."""
