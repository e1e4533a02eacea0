# Paths of an installation, and functions that all commands in deploy/ share. Sourced by them.
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
UNITS=/etc/systemd/system
KEPT_RELEASES=3

dry_run=""
exec 3>&1

step() { printf '\n==> %s\n' "$*"; }
info() { printf '    %s\n' "$*"; }
fail() {
    printf 'headway: %s\n' "$*" >&2
    exit 1
}

# Run a command or, with --dry-run, only print it: on descriptor 3, so that it shows where the output is discarded.
run() {
    if [ -n "$dry_run" ]; then
        info "would run: $*" >&3
    else
        "$@"
    fi
}

require_root() {
    [ "$(id -u)" = 0 ] || fail "this command must be run as root. Run it again with sudo."
}

# Require root, and take the lock that keeps a second deployment command from running at the same time.
lock_deployment() {
    require_root
    umask 022
    exec 9>/run/lock/headway-deploy
    flock --nonblock 9 || fail "another install, upgrade, rollback, backup or restore is running. Wait until it has finished."
}

# Run a command as the services' user, with the services' environment and no other variables.
as_headway() {
    # shellcheck disable=SC2016
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 ENV_FILE="$ENV_FILE" sh -c '
        set -a; . "$ENV_FILE"; set +a
        exec setpriv --reuid=headway --regid=headway --init-groups --inh-caps=-all -- "$@"' sh "$@" 3>&- 9>&-
}

# Run manage.py of a release: manage RELEASE COMMAND …
manage() {
    (cd "$1" && shift && as_headway .venv/bin/python manage.py "$@")
}

# Print the value of a setting: setting NAME
setting() { sed -n "s/^$1=//p" "$ENV_FILE"; }

# Print the path of the active release, or nothing if there is none.
current_release() { readlink -e "$CURRENT" || true; }

require_installation() {
    [ -n "$(current_release)" ] || fail "Headway is not installed on this machine yet. Install it first: deploy/install --help"
}
