"""/api/session/: the logged-in user and the CSRF token, for front ends on other origins.

A page on another subdomain can't read the CSRF cookie, so the response contains the token. The page sends it in the
header X-CSRFToken with each request of an unsafe method.
"""

from django import forms
from django.contrib import auth
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from config.http.errors import unauthorized
from uploads.http.json_api import read_object

INCORRECT_CREDENTIALS = "Incorrect username or password. Check both and try again."


class CredentialsForm(forms.Form):
    username = forms.CharField(max_length=150)
    password = forms.CharField(max_length=4096, strip=False)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST", "DELETE"])
def session(request: HttpRequest) -> HttpResponse:
    """Log in if the method is POST, or log out if it is DELETE. Then return the current user and the CSRF token."""
    if request.method == "POST":
        if not _log_in(request):
            return unauthorized(INCORRECT_CREDENTIALS)
    elif request.method == "DELETE":
        auth.logout(request)
    user = {"username": request.user.get_username()} if request.user.is_authenticated else None
    return JsonResponse({"user": user, "csrf_token": get_token(request)})


@sensitive_variables()
def _log_in(request: HttpRequest) -> bool:
    credentials = read_object(request)
    if not all(isinstance(value, str) for value in credentials.values()):
        raise BadRequest('Send a JSON object with two strings: {"username": "…", "password": "…"}.')
    form = CredentialsForm(credentials)
    if not form.is_valid():
        raise ValidationError(form.errors.as_data())
    user = auth.authenticate(request, **form.cleaned_data)
    if user:
        auth.login(request, user)
    return user is not None
