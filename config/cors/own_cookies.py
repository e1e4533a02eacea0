"""The two cookies of this site, written by Django's own middleware with the settings of this process.

Nobody logs in for it, and nothing is kept: the session is one that lives in its cookie.
"""

from django.conf import settings
from django.contrib.sessions.backends import signed_cookies
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware, get_token

from config.cors.cookies import Cookie


def session_cookie() -> Cookie:
    """What somebody gets who logs in."""
    middleware = SessionMiddleware(lambda request: HttpResponse())
    middleware.SessionStore = signed_cookies.SessionStore
    request = HttpRequest()
    middleware.process_request(request)
    request.session["user"] = "somebody"
    response = middleware.process_response(request, HttpResponse())
    return Cookie.of(response.cookies[settings.SESSION_COOKIE_NAME])


def csrf_cookie() -> Cookie:
    """What comes with the csrf_token."""
    request, response = HttpRequest(), HttpResponse()
    get_token(request)
    CsrfViewMiddleware(lambda request: response).process_response(request, response)
    return Cookie.of(response.cookies[settings.CSRF_COOKIE_NAME])
