# Releases: a folder each, with a virtual environment of its own; made, switched to, and thrown away. Sourced.
# shellcheck shell=sh disable=SC2154

built="" # what this run has made, and throws away unless it comes to run

# Make a folder of this checkout, ready to run, and put its path into $release. The running release isn't touched.
build_release() {
    release=$RELEASES/$(date -u +%Y%m%dT%H%M%SZ)
    step "Building the release $release"
    if [ -n "$dry_run" ]; then
        say "would copy this checkout there, and install requirements.txt into a virtual environment"
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
    say "installing what requirements.txt names (a minute or two)"
    "$release/.venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$release/requirements.txt"
    "$release/.venv/bin/python" -m compileall -q "$release/config" "$release/todos" "$release/uploads" "$release/progress"
}

# What needs the settings: checks them, collects the static files, generates the static site.
complete_release() {
    step "Checking the settings"
    if [ -n "$dry_run" ]; then
        say "would run: manage.py check --deploy, manage.py distill-local"
        return
    fi
    manage "$release" check --deploy
    (cd "$release" && as_headway .venv/bin/python -c "import config.wsgi")
    generate_site
    touch "$release/.complete"
}

# In the release's own folder, so that one move of a link changes both; static files of older releases stay beside them.
generate_site() {
    step "Collecting static files, and generating the static site"
    install -d "$release/site"
    chown -R headway:headway "$release/site"
    manage "$release" distill-local --quiet "$release/site/public"
    chown -R root:root "$release/site"
    chmod -R u=rwX,go=rX "$release/site"
}

migrate() {
    step "Migrating the database"
    if [ -n "$dry_run" ]; then
        say "would run: manage.py migrate"
        return
    fi
    manage "$release" migrate --noinput
}

# Let a release be the one that runs: its units, its nginx files, its code. Fails if it doesn't come up.
activate() {
    install -m 644 "$1"/deploy/systemd/* /etc/systemd/system/ &&
        ln -sfn "$1" "$CURRENT.new" &&
        mv -T "$CURRENT.new" "$CURRENT" &&
        systemctl daemon-reload &&
        systemctl reset-failed 'headway*' && # or what has failed too often is not started any more
        systemctl --quiet enable headway.target headway.socket headway.service headway-worker.service &&
        systemctl start headway.socket &&
        systemctl restart headway.service headway-worker.service &&
        systemctl start headway.target &&
        serve_by_nginx "$1" &&
        prove "$1"
}

# Sign in over HTTPS, upload a picture, watch its job: prove RELEASE
prove() {
    say "proving it: sign in over HTTPS, upload a picture, watch its job"
    (cd "$1" && as_headway .venv/bin/python deploy/prove.py <"$TLS/certificate.pem")
}

# Switch to $release; if that doesn't work, back to the one that ran.
switch() {
    before=$(current_release)
    step "Switching to $release"
    if [ -n "$dry_run" ]; then
        say "would put its units and nginx files in place, move $CURRENT, restart the site and the worker, and try them"
        return
    fi
    if activate "$release"; then
        built=""
        return
    fi
    journalctl --no-pager --lines=20 --unit=headway --unit=headway-worker >&2 || true
    if [ -z "$before" ]; then
        built=""
        fail "the release doesn't work; what it said is above. Put that right, and run this again."
    fi
    step "That didn't work: back to $before"
    manage "$before" collectstatic --noinput --verbosity 0
    activate "$before" || fail "$before doesn't come up either; see deploy/README.md."
    fail "the release doesn't work; what it said is above. $before runs as before."
}

# All complete releases, oldest first.
releases() { find "$RELEASES" -mindepth 2 -maxdepth 2 -name .complete -printf '%h\n' | sort; }

# Keep the last ones, to roll back to, and whatever runs.
prune_releases() {
    releases | head -n "-$KEPT_RELEASES" | while read -r old; do
        [ "$old" = "$(current_release)" ] || run rm -rf "$old"
    done
}
