# Releases: one directory each, with its own virtual environment. Built, activated and removed here. Sourced.
# shellcheck shell=sh disable=SC2154

built="" # the release that this run has built; it is removed at exit unless it has been activated

# Copy this checkout into a new release directory, install its requirements, and set $release to its path. The active
# release isn't touched.
build_release() {
    release=$RELEASES/$(date -u +%Y%m%dT%H%M%SZ)
    step "Building the release $release"
    if [ -n "$dry_run" ]; then
        info "would copy this checkout there, and install requirements.txt into a virtual environment"
        return
    fi
    mkdir -p "$RELEASES"
    mkdir "$release"
    built=$release
    trap '[ -z "$built" ] || rm -rf "$built"' EXIT
    (cd "$checkout" && cp -a manage.py config todos uploads progress templates deploy requirements.txt "$release/")
    chown -R root:root "$release"
    chmod -R u=rwX,go=rX "$release"
    python3 -m venv "$release/.venv"
    info "installing requirements.txt (a minute or two)"
    "$release/.venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$release/requirements.txt"
    "$release/.venv/bin/python" -m compileall -q "$release/config" "$release/todos" "$release/uploads" "$release/progress"
}

# Do what needs the settings: check them, collect the static files and generate the static site.
complete_release() {
    step "Checking the settings"
    if [ -n "$dry_run" ]; then
        info "would run: manage.py check --deploy, manage.py distill-local"
        return
    fi
    manage "$release" check --deploy
    (cd "$release" && as_headway .venv/bin/python -c "import config.wsgi")
    generate_site
    touch "$release/.complete"
}

# The site is generated inside the release, so that moving one link changes both. Static files of older releases stay.
generate_site() {
    step "Collecting static files and generating the static site"
    install -d "$release/site"
    chown -R headway:headway "$release/site"
    manage "$release" distill-local --quiet "$release/site/public"
    chown -R root:root "$release/site"
    chmod -R u=rwX,go=rX "$release/site"
}

migrate() {
    step "Migrating the database"
    if [ -n "$dry_run" ]; then
        info "would run: manage.py migrate"
        return
    fi
    manage "$release" migrate --noinput
}

# Make a release the active one: its units, its code, its nginx configuration. Return non-zero if it doesn't come up.
activate() {
    install_units "$1" &&
        ln -sfn "$1" "$CURRENT.new" &&
        mv -T "$CURRENT.new" "$CURRENT" &&
        systemctl daemon-reload &&
        systemctl reset-failed 'headway*' && # systemd doesn't start a unit that has failed too often
        systemctl --quiet enable headway.target headway.socket headway.service headway-worker.service &&
        systemctl start headway.socket &&
        systemctl restart headway.service headway-worker.service &&
        systemctl start headway.target &&
        configure_nginx "$1" &&
        smoke_test "$1"
}

# Install a release's units, and hardening.conf as a drop-in of both services. Older releases have no such file, since
# their units contain the same directives; the drop-ins then stay, and change nothing: install_units RELEASE
install_units() {
    install -m 644 "$1"/deploy/systemd/headway* "$UNITS/" || return
    hardening=$1/deploy/systemd/hardening.conf
    [ -e "$hardening" ] || return 0
    install -D -m 644 "$hardening" "$UNITS/headway.service.d/hardening.conf" &&
        install -D -m 644 "$hardening" "$UNITS/headway-worker.service.d/hardening.conf"
}

# Sign in over HTTPS, upload a picture, and wait for its job: smoke_test RELEASE
smoke_test() {
    info "smoke test: sign in over HTTPS, upload a picture, wait for its job"
    script=deploy/smoke_test.py
    [ -e "$1/$script" ] || script=deploy/prove.py # its name in older releases
    (cd "$1" && as_headway .venv/bin/python "$script" <"$TLS/certificate.pem")
}

# Activate $release. If that fails, activate the previous release again and fail.
switch() {
    before=$(current_release)
    step "Switching to $release"
    if [ -n "$dry_run" ]; then
        info "would install its units and nginx configuration, move $CURRENT, restart the site and the worker, and test them"
        return
    fi
    if activate "$release"; then
        built=""
        return
    fi
    journalctl --no-pager --lines=20 --unit=headway --unit=headway-worker >&2 || true
    if [ -z "$before" ]; then
        built=""
        fail "the release doesn't work; its log is above. Fix the problem and run the command again."
    fi
    step "The release doesn't work. Switching back to $before"
    manage "$before" collectstatic --noinput --verbosity 0
    activate "$before" || fail "$before doesn't come up either. See deploy/README.md."
    fail "the release doesn't work; its log is above. $before is active again."
}

# Print all complete releases, oldest first.
releases() { find "$RELEASES" -mindepth 2 -maxdepth 2 -name .complete -printf '%h\n' | sort; }

# Keep the last releases, which can be rolled back to, and the active one.
prune_releases() {
    releases | head -n "-$KEPT_RELEASES" | while read -r old; do
        [ "$old" = "$(current_release)" ] || run rm -rf "$old"
    done
}
