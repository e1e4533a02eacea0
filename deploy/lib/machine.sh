# What a machine needs before a release can run on it: packages, a user, settings and a database. Sourced.
# shellcheck shell=sh disable=SC2154

PACKAGES="nginx libnginx-mod-http-brotli-static postgresql python3 python3-venv openssl ca-certificates"

install_packages() {
    missing=""
    for package in $PACKAGES ${certbot:+certbot}; do
        dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
    done
    step "Packages:${missing:- all are installed}"
    if [ -n "$missing" ]; then
        run apt-get update -qq
        # shellcheck disable=SC2086
        run env DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends $missing >/dev/null
    fi
    [ -n "$dry_run" ] || python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "Headway needs Python 3.11 or newer. This machine has $(python3 --version). Use Debian 12 or 13, or Ubuntu 24.04."
}

# Create the services' user. nginx joins its group, so that it can read the files it sends.
create_user() {
    step "The user headway"
    if id headway >/dev/null 2>&1; then
        info "exists already"
    else
        getent group headway >/dev/null || run groupadd --system headway
        run useradd --system --gid headway --home-dir "$STATE" --no-create-home --shell /usr/sbin/nologin headway
    fi
    run usermod --append --groups headway www-data
    run install -d -o headway -g headway -m 750 "$STATE"
}

# Write the settings, with a new SECRET_KEY. Existing settings are kept unchanged.
write_settings() {
    step "The settings in $ENV_FILE"
    if [ -e "$ENV_FILE" ]; then
        info "kept"
        return
    fi
    info "ALLOWED_HOSTS=$app FRONTEND_ORIGINS=${dashboard:+https://$dashboard} COOKIE_DOMAIN=$(common_domain "$app" "$dashboard")"
    [ -z "$dry_run" ] || return 0
    secret=$(python3 -c 'import secrets; print(secrets.token_urlsafe(50))')
    install -d -m 755 "$ETC"
    (
        umask 077
        sed -e "s|^SECRET_KEY=.*|SECRET_KEY=$secret|" \
            -e "s|^ALLOWED_HOSTS=.*|ALLOWED_HOSTS=$app|" \
            -e "s|^FRONTEND_ORIGINS=.*|FRONTEND_ORIGINS=${dashboard:+https://$dashboard}|" \
            -e "s|^COOKIE_DOMAIN=.*|COOKIE_DOMAIN=$(common_domain "$app" "$dashboard")|" \
            -e "s|^DATABASE_URL=.*|DATABASE_URL=postgresql:///headway|" \
            -e "s|^STATE_DIR=.*|STATE_DIR=$STATE|" \
            "$checkout/deploy/env.example" >"$ENV_FILE.new"
    )
    mv "$ENV_FILE.new" "$ENV_FILE"
}

# Print the domain that two hosts share: example.com for app.example.com and dash.example.com. Without a second host,
# print nothing.
common_domain() {
    [ -n "$2" ] || return 0
    printf '%s\n%s\n' "$1" "$2" | awk -F. '
        NR == 1 { for (i = 1; i <= NF; i++) first[i] = $i; n = NF }
        NR == 2 {
            shared = ""
            for (i = 0; i < n && i < NF && first[n - i] == $(NF - i); i++) shared = $(NF - i) (i ? "." : "") shared
            if (i > 1) print shared
        }'
}

as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups -- "$@" 9>&-; }

# Create a database, and a role with the name of the services' user, which peer authentication lets in over the socket.
create_role_and_database() {
    step "The PostgreSQL database headway"
    if [ -e "$ENV_FILE" ] && ! uses_local_postgresql; then
        info "skipped: DATABASE_URL names another database, which you create yourself"
        return
    fi
    if [ -n "$dry_run" ]; then
        info "would create the role and the database if they don't exist"
        return
    fi
    systemctl --quiet enable --now postgresql
    as_psql "SELECT 1 FROM pg_roles WHERE rolname = 'headway'" | grep -q . || as_postgres createuser headway
    as_psql "SELECT 1 FROM pg_database WHERE datname = 'headway'" | grep -q . || create_database headway
    info "exists"
}

uses_local_postgresql() { [ "$(setting DATABASE_URL)" = postgresql:///headway ]; }

# Print the rows of a query's result, one per line: as_psql SQL
as_psql() { as_postgres psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --command "$1"; }

create_database() { as_postgres createdb --owner headway --encoding UTF8 --locale C.UTF-8 --template template0 "$1"; }

# Create the administrator's account with a password that is printed once, at the end. An existing account is kept.
create_admin() {
    step "The administrator $admin"
    if [ -n "$dry_run" ]; then
        info "would create the account if it doesn't exist"
        return
    fi
    password=$(python3 -c 'import secrets; print(secrets.token_urlsafe(15))')
    status=0
    printf '%s\n' "$admin" "$mail" "$password" | manage "$release" shell --no-imports --command '
import sys
from django.contrib.auth.models import User
name, mail, password = sys.stdin.read().split("\n")[:3]
if User.objects.filter(username=name).exists():
    sys.exit(3)
User.objects.create_superuser(name, mail, password)' || status=$?
    case $status in
        0) info "created" ;;
        3) password="" && info "kept: an account with this name exists" ;;
        *) fail "the account could not be created; the error is above. Fix the problem and run deploy/install again." ;;
    esac
}
