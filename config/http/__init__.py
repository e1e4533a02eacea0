"""Rules for every request and answer: middleware, error pages and problem documents, the request log."""
