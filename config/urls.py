"""The map of the site. Each app's own URLconf holds its pages and its API."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.generic import TemplateView
from django_distill import distill_path

from config import accounts, health, session, site

admin.site.site_header = admin.site.site_title = "Headway"

urlpatterns = [
    path("", login_not_required(TemplateView.as_view(template_name="landing.html")), name="landing"),
    path("", include("todos.urls")),
    path("", include("uploads.urls")),
    path("", include("progress.urls")),
    path("api/session/", session.session, name="session"),
    path("accounts/signup/", accounts.signup, name="signup"),
    path(
        "accounts/reset/<uidb64>/<token>/",
        accounts.PasswordResetConfirm.as_view(),
        name="password_reset_confirm",
    ),
    path("accounts/", include("django.contrib.auth.urls")),
    path("admin/", admin.site.urls),
    path("favicon.ico", site.favicon, name="favicon"),
    path("healthz/", health.healthz, name="healthz"),
    distill_path("dashboard/", site.dashboard, name="dashboard", distill_file="index.html"),
]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"
