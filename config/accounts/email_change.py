"""Change of a user's email address, and the notice to the former address.

Password resets are sent to the address, so a change needs the current password. The notice doesn't contain the new
address, because the former one may have been a mistake and belong to another person.
"""

import logging
from hashlib import sha256

from django.contrib.auth.models import User
from django.contrib.sites.shortcuts import get_current_site
from django.core.mail import send_mail
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from config.models import PasswordResetMail
from progress.connections import release_connection

logger = logging.getLogger(__name__)


def change_email(request: HttpRequest, user: User, email: str) -> None:
    """Save the address, which may be empty. Notify the former address, if there was one."""
    if email == user.email:
        return
    User.objects.filter(pk=user.pk).update(email=email)
    if user.email and _claim_notice(user):
        _send_notice(request, user)


def _claim_notice(user: User) -> bool:
    """Return False within an hour after another notice, so that nobody can flood an address with notices.

    The limit is for an account and an address together, so that no other account can suppress a notice.
    """
    return PasswordResetMail.objects.claim(sha256(f"{user.pk} {user.email.casefold()}".encode()).hexdigest())


def _send_notice(request: HttpRequest, user: User) -> None:
    """Send the notice. Log an error of the mail server: the change has been saved, and can't be undone by it."""
    context = {
        "user": user,
        "site_name": get_current_site(request).name,
        "password_change": request.build_absolute_uri(reverse("password_change")),
    }
    subject = render_to_string("email/email_changed_subject.txt", context).strip()
    text, html = (render_to_string(f"email/email_changed.{suffix}", context) for suffix in ("txt", "html"))
    release_connection()
    try:
        send_mail(subject, text, None, [user.email], html_message=html)
    except OSError:
        logger.exception("the notice of a changed email address could not be sent")
