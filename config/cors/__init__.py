"""What a browser does when a page of one origin calls the API of another with its visitor's cookies.

    origins.py        origins and sites: what is the same, and to whom
    fetch_rules.py    the Fetch standard: preflights, and what an answer must say
    cookies.py        RFC 6265bis: which cookies are kept, and which go along
    api_headers.py    the headers that other origins may send and read
    own_cookies.py    the cookies that this site sets
    asking.py         asks the server for real: Django in this process, or a live one by the network
    story.py          a call, and the steps that are told of it
    browser_steps.py  the steps that a browser takes
    server_steps.py   the steps that the server takes, and what comes back
    explain.py        puts them together, for `manage.py explain_cors`
    advice.py         which setting to change

The first three are pure rules that know neither Django nor Headway. `config/checks.py` asks the same rules before
the site starts, and `config/environment.py` the first.
"""
