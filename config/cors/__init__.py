"""The rules for API requests that a page on another origin sends with its visitor's cookies, and `explain_cors`.

    origins.py         origins and sites, and how to compare them
    fetch_rules.py     the Fetch standard: preflights and response headers
    cookies.py         RFC 6265bis: which cookies are stored and sent
    api_headers.py     the headers that other origins may send and read
    site_cookies.py    the cookies that this site sets
    probe.py           sends requests to Django in this process, or to a running site
    explanation.py     a call, and the checks of it
    browser_checks.py  the checks that a browser makes
    server_checks.py   the checks that the server makes, and the browser's checks of its response
    explain.py         combines the checks, for `manage.py explain_cors`
    report.py          an explanation as plain text
    remedies.py        which setting to change

The first three contain pure rules and import neither Django nor other modules of Headway. `config/checks.py` applies
them to the settings at start-up, and `config/environment.py` uses the first.
"""
