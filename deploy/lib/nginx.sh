# nginx: its certificate, and the configuration that a release renders. Sourced.
# shellcheck shell=sh disable=SC2154

# Put the certificate where nginx expects it. An existing one is kept unless the options name another.
prepare_tls() {
    step "The certificate in $TLS"
    run install -d -m 755 "$TLS"
    if [ -n "$certificate" ]; then
        info "from $certificate; after a renewal, reload nginx"
        run ln -sfn "$(readlink -e "$certificate")" "$TLS/certificate.pem"
        run ln -sfn "$(readlink -e "$key")" "$TLS/key.pem"
    elif [ -e "$TLS/certificate.pem" ] && { [ -z "$self_signed" ] || certificate_covers_hosts; }; then
        info "kept"
    else
        info "self-signed${certbot:+, until certbot has obtained another one}: browsers show a warning"
        create_certificate
    fi
}

certificate_covers_hosts() {
    for host in $hosts; do
        openssl x509 -in "$TLS/certificate.pem" -noout -checkhost "$host" | grep -q 'does match' || return 1
    done
}

create_certificate() {
    run rm -f "$TLS/certificate.pem" "$TLS/key.pem" # they may be links to a certificate that must not be overwritten
    # shellcheck disable=SC2086
    names=$(printf 'DNS:%s,' $hosts)
    run openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 825 -subj "/CN=$app" \
        -addext "subjectAltName=${names%,}" -keyout "$TLS/key.pem" -out "$TLS/certificate.pem" 2>/dev/null
    run chmod 600 "$TLS/key.pem"
}

# Render a release's configuration and reload nginx. If nginx rejects it, restore the previous configuration and return 1:
# configure_nginx RELEASE
configure_nginx() {
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

# The renderer runs as the services' user, since it loads the site; the rendered files belong to root.
render_nginx() {
    rendered=$(mktemp -d)
    chown headway "$rendered"
    (cd "$1" && as_headway .venv/bin/python deploy/render_nginx.py --includes "$NGINX" --acme "$ACME" "$rendered") &&
        install -d "$NGINX" "$ACME" &&
        install -m 644 "$rendered"/*.conf "$NGINX/" &&
        raise_nginx_limits "$rendered/nginx.conf.new" &&
        echo "include $NGINX/headway.conf;" >/etc/nginx/conf.d/headway.conf
    status=$?
    rm -rf "$rendered"
    return $status
}

# Replace nginx.conf by the rendered one, which allows as many connections as the site needs; Debian's does not. The
# original is kept beside it. Older releases render no such file: raise_nginx_limits FILE
raise_nginx_limits() {
    if [ ! -e "$1" ] || cmp -s "$1" "$NGINX_CONF"; then return 0; fi
    [ -e "$NGINX_CONF.before-headway" ] || cp -a "$NGINX_CONF" "$NGINX_CONF.before-headway"
    install -m 644 "$1" "$NGINX_CONF"
}

# Obtain a certificate that browsers trust. certbot's own timer renews it.
run_certbot() {
    step "Requesting a certificate with certbot"
    # shellcheck disable=SC2046,SC2086
    run certbot certonly --non-interactive --agree-tos --email "$mail" --webroot --webroot-path "$ACME" \
        --cert-name headway --keep-until-expiring --expand --deploy-hook "systemctl reload nginx" $(printf -- '--domain %s ' $hosts)
    run ln -sfn /etc/letsencrypt/live/headway/fullchain.pem "$TLS/certificate.pem"
    run ln -sfn /etc/letsencrypt/live/headway/privkey.pem "$TLS/key.pem"
    run systemctl reload nginx
    run smoke_test "$release"
}
