"""The site that consists of the three apps.

Settings, the root URLconf, the WSGI entry point, accounts, error responses, health check and site-wide CSS. It may
import every app; no app imports it.
"""
