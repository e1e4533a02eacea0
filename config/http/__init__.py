"""Rules for every request and response: middleware, error responses, the request log."""
