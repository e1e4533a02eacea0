"""The admin site itself. What it shows is registered by each app."""

from django.contrib import admin

from config.accounts import AdminLogInForm


class AdminSite(admin.AdminSite):
    site_header = site_title = "Headway"
    login_form = AdminLogInForm
