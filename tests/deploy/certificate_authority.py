"""Pebble, the test server of Let's Encrypt, running on the machine itself for its certbot."""

import json

from tests.deploy.machine import Machine

SETTINGS = {
    "listenAddress": "127.0.0.1:14000",
    "managementListenAddress": "127.0.0.1:15000",
    "certificate": "/etc/pebble/certificate.pem",
    "privateKey": "/etc/pebble/key.pem",
    "httpPort": 80,
    "tlsPort": 443,
}
START = """
settings=$(getent passwd root | cut -d: -f6)/.config/letsencrypt # /etc/letsencrypt/cli.ini belongs to certbot's package
mkdir -p /etc/pebble "$settings"
cat >/etc/pebble/settings.json
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -subj /CN=localhost \
    -keyout /etc/pebble/key.pem -out /etc/pebble/certificate.pem
apt-get install -qq --no-install-recommends pebble
systemd-run --quiet --unit=pebble --setenv=PEBBLE_VA_NOSLEEP=1 --setenv=PEBBLE_WFE_NONCEREJECT=0 \
    pebble -config /etc/pebble/settings.json
printf '%s\\n' 'server = https://localhost:14000/dir' 'no-verify-ssl = true' >"$settings/cli.ini"
"""
WAIT = "until openssl s_client -connect localhost:15000 </dev/null >/dev/null 2>&1; do sleep 0.1; done"
PRINT_ROOT_CERTIFICATE = """
import ssl, urllib.request
unchecked = ssl._create_unverified_context()
print(urllib.request.urlopen("https://localhost:15000/roots/0", context=unchecked).read().decode())
"""


def start_certificate_authority(machine: Machine, *hosts: str) -> str:
    """Start Pebble as certbot's server, and resolve the hosts to the machine. Return the root certificate."""
    machine.run("sh", "-euc", f"echo 127.0.0.1 {' '.join(hosts)} >>/etc/hosts")
    machine.run("sh", "-euc", START.replace("cat >", f"echo '{json.dumps({'pebble': SETTINGS})}' >"))
    machine.run("timeout", "120", "sh", "-c", WAIT)
    return machine.run("python3", "-c", PRINT_ROOT_CERTIFICATE).stdout
