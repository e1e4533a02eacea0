"""The root URLconf. Each app has a URLconf with its pages and its API."""

from django.contrib import admin
from django.contrib.auth.views import LoginView
from django.urls import include, path
from django_distill import distill_path

from config.accounts import session, settings_page
from config.accounts import views as accounts
from config.accounts.export import views as export
from config.ops import health, metrics
from config.site import views as site
from config.site.components import components

urlpatterns = [
    path("", include("todos.urls")),
    path("", include("uploads.urls")),
    path("", include("progress.urls")),
    path("api/session/", session.session, name="session"),
    path("accounts/signup/", accounts.signup, name="signup"),
    path("accounts/password_reset/", accounts.PasswordReset.as_view(), name="password_reset"),
    path(
        "accounts/reset/<uidb64>/<token>/",
        accounts.PasswordResetConfirm.as_view(),
        name="password_reset_confirm",
    ),
    # Static pages show the link to log in to logged-in users too, so the login page redirects them to their list.
    path(
        "accounts/login/",
        LoginView.as_view(authentication_form=accounts.LogInForm, redirect_authenticated_user=True),
        name="login",
    ),
    path("accounts/settings/", settings_page.settings_page, name="settings"),
    path("accounts/settings/export/", export.download, name="export"),
    path("accounts/deleted/", settings_page.deleted, name="account-deleted"),
    path("accounts/password_change/", accounts.PasswordChange.as_view(), name="password_change"),
    path("accounts/", include("django.contrib.auth.urls")),
    path("admin/password_change/", accounts.PasswordChange.as_view()),  # with the limit that Django's page lacks
    path("admin/", admin.site.urls),
    path("components/", components, name="components"),
    path("favicon.ico", site.favicon, name="favicon"),
    path("healthz/", health.healthz, name="healthz"),
    path("metrics", metrics.metrics, name="metrics"),  # the default path of Prometheus
    # The static site, which `manage.py distill-local` generates as files.
    distill_path("", site.landing, name="landing"),
    *(distill_path(page.path, site.guide, {"guide_page": page}, name=page.name) for page in site.GUIDE),
    distill_path("dashboard/", site.dashboard, name="dashboard"),
    distill_path("404.html", site.error, {"status": 404}, name="missing"),
    distill_path("413.html", site.error, {"status": 413}, name="too-large"),
    distill_path("429.html", site.error, {"status": 429}, name="too-often"),
    distill_path("50x.html", site.unreachable, name="unreachable"),
    distill_path("robots.txt", site.robots, name="robots"),
    distill_path("sitemap.xml", site.sitemap, name="sitemap"),
]

handler400 = "config.http.errors.bad_request"
handler403 = "config.http.errors.permission_denied"
handler404 = "config.http.errors.not_found"
handler500 = "config.http.errors.server_error"
