"""The two cookies of this site, as Django's middleware sets them with the settings of this process.

The session is stored in its cookie, so no user and no database is needed.
"""

from django.conf import settings
from django.contrib.sessions.backends import signed_cookies
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware, get_token

from config.cors.cookies import Cookie


def session_cookie() -> Cookie:
    """Return the cookie that is set after a login."""
    middleware = SessionMiddleware(lambda request: HttpResponse())
    middleware.SessionStore = signed_cookies.SessionStore
    request = HttpRequest()
    middleware.process_request(request)
    request.session["user"] = "any"
    response = middleware.process_response(request, HttpResponse())
    return Cookie.of(response.cookies[settings.SESSION_COOKIE_NAME])


def csrf_cookie() -> Cookie:
    """Return the cookie that is set together with the csrf_token."""
    request, response = HttpRequest(), HttpResponse()
    get_token(request)
    CsrfViewMiddleware(lambda request: response).process_response(request, response)
    return Cookie.of(response.cookies[settings.CSRF_COOKIE_NAME])
