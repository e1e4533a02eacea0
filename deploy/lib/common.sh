# Where things are on a machine that runs Headway, and how the commands of deploy/ say and do things. Sourced by them.
# shellcheck shell=sh disable=SC2034

APP=/opt/headway
RELEASES=$APP/releases
CURRENT=$APP/current
STATE=/var/lib/headway
ETC=/etc/headway
ENV_FILE=$ETC/env
TLS=$ETC/tls
ACME=/var/lib/headway-acme
NGINX=/etc/nginx/headway
NGINX_CONF=/etc/nginx/nginx.conf
KEPT_RELEASES=3

dry_run=""
exec 3>&1

step() { printf '\n==> %s\n' "$*"; }
say() { printf '    %s\n' "$*"; }
fail() {
    printf 'headway: %s\n' "$*" >&2
    exit 1
}

# Do it; or, with --dry-run, only say what would be done, even where what it says is thrown away.
run() {
    if [ -n "$dry_run" ]; then
        say "would run: $*" >&3
    else
        "$@"
    fi
}

# Only root may do this, and only one at a time.
begin() {
    [ "$(id -u)" = 0 ] || fail "this must be run by root. Run it again with sudo."
    umask 022
    exec 9>/run/lock/headway-deploy
    flock --nonblock 9 || fail "another install, upgrade, rollback, backup or restore is at work. Wait until it has ended."
}

# As the user of the services, with their environment and nothing else of ours.
as_headway() {
    # shellcheck disable=SC2016
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 ENV_FILE="$ENV_FILE" sh -c '
        set -a; . "$ENV_FILE"; set +a
        exec setpriv --reuid=headway --regid=headway --init-groups --inh-caps=-all -- "$@"' sh "$@" 3>&- 9>&-
}

# manage.py of a release: manage RELEASE COMMAND …
manage() {
    (cd "$1" && shift && as_headway .venv/bin/python manage.py "$@")
}

# The value of a setting: setting NAME
setting() { sed -n "s/^$1=//p" "$ENV_FILE"; }

# The release that runs, as a path; nothing if none does.
current_release() { readlink -e "$CURRENT" || true; }

need_installation() {
    [ -n "$(current_release)" ] || fail "Headway is not installed here yet. Install it: deploy/install --help"
}
