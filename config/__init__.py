"""The site: what turns the three apps into one running product.

Settings, the root URLconf, the WSGI entry point, accounts, error answers, health and the look of the pages.
It may import every app; no app imports it.
"""
