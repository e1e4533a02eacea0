# nginx: the certificate, and the files that a release has rendered. Sourced.
# shellcheck shell=sh disable=SC2154

# Put the certificate where nginx looks for it. What is there already stays, unless another one is asked for.
prepare_tls() {
    step "The certificate, in $TLS"
    run install -d -m 755 "$TLS"
    if [ -n "$certificate" ]; then
        say "from $certificate; nginx takes a renewed one when it is reloaded"
        run ln -sfn "$(readlink -e "$certificate")" "$TLS/certificate.pem"
        run ln -sfn "$(readlink -e "$key")" "$TLS/key.pem"
    elif [ -e "$TLS/certificate.pem" ] && { [ -z "$self_signed" ] || fits_hosts; }; then
        say "kept"
    else
        say "made here, signed by itself${certbot:+, until certbot has another one}: browsers warn of it"
        make_certificate
    fi
}

fits_hosts() {
    for host in $hosts; do
        openssl x509 -in "$TLS/certificate.pem" -noout -checkhost "$host" | grep -q 'does match' || return 1
    done
}

make_certificate() {
    run rm -f "$TLS/certificate.pem" "$TLS/key.pem" # they may be links to somebody else's
    # shellcheck disable=SC2086
    names=$(printf 'DNS:%s,' $hosts)
    run openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 825 -subj "/CN=$app" \
        -addext "subjectAltName=${names%,}" -keyout "$TLS/key.pem" -out "$TLS/certificate.pem" 2>/dev/null
    run chmod 600 "$TLS/key.pem"
}

# Render a release's files, and reload nginx; if it refuses them, the old ones are put back. serve_by_nginx RELEASE
serve_by_nginx() {
    rm -rf "$NGINX.before"
    [ ! -d "$NGINX" ] || cp -a "$NGINX" "$NGINX.before"
    cp -a "$NGINX_CONF" "$NGINX_CONF.before"
    if render_nginx "$1" && nginx -t -q; then
        rm -rf "$NGINX.before" "$NGINX_CONF.before"
        systemctl --quiet enable nginx && systemctl reload-or-restart nginx
        return
    fi
    rm -rf "$NGINX"
    [ ! -d "$NGINX.before" ] || mv "$NGINX.before" "$NGINX"
    mv "$NGINX_CONF.before" "$NGINX_CONF"
    return 1
}

# The files are made by the services' user, who alone has the settings, and belong to root.
render_nginx() {
    rendered=$(mktemp -d)
    chown headway "$rendered"
    (cd "$1" && as_headway .venv/bin/python deploy/render_nginx.py --includes "$NGINX" --acme "$ACME" "$rendered") &&
        install -d "$NGINX" "$ACME" &&
        install -m 644 "$rendered"/*.conf "$NGINX/" &&
        raise_nginx_limits "$rendered/nginx.conf.new" &&
        echo "include $NGINX/headway.conf;" >/etc/nginx/conf.d/headway.conf
    is_rendered=$?
    rm -rf "$rendered"
    return $is_rendered
}

# Let nginx have as many connections as the site needs, which Debian's nginx.conf does not. A first copy of that stays
# beside it. Older releases render no such file. raise_nginx_limits FILE
raise_nginx_limits() {
    if [ ! -e "$1" ] || cmp -s "$1" "$NGINX_CONF"; then return 0; fi
    [ -e "$NGINX_CONF.before-headway" ] || cp -a "$NGINX_CONF" "$NGINX_CONF.before-headway"
    install -m 644 "$1" "$NGINX_CONF"
}

# A certificate that browsers trust, renewed by certbot's own timer.
run_certbot() {
    step "Asking for a certificate with certbot"
    # shellcheck disable=SC2046,SC2086
    run certbot certonly --non-interactive --agree-tos --email "$mail" --webroot --webroot-path "$ACME" \
        --cert-name headway --keep-until-expiring --expand --deploy-hook "systemctl reload nginx" $(printf -- '--domain %s ' $hosts)
    run ln -sfn /etc/letsencrypt/live/headway/fullchain.pem "$TLS/certificate.pem"
    run ln -sfn /etc/letsencrypt/live/headway/privkey.pem "$TLS/key.pem"
    run systemctl reload nginx
    run prove "$release"
}
