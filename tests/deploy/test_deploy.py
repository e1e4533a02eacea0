"""The life of an installation on a bare Debian: install, use, reboot, upgrade, roll back, back up, lose and restore."""

import hashlib
import re
import ssl

import pytest

from tests.deploy.certificate_authority import start_certificate_authority
from tests.deploy.conftest import APP, DASHBOARD
from tests.deploy.load import Load
from tests.faults.cluster import wait_until
from tests.helpers import photo

UNIQUE_HEADERS = ("Strict-Transport-Security", "X-Content-Type-Options", "Cache-Control")
"""Headers that both nginx and Headway could add to a response."""


def test_installed_site_processes_pictures_under_the_hardened_units(maria):
    picture = photo(2000, 1500)
    upload = maria.wait_for_job(maria.upload("holiday.jpg", picture).json())
    assert [rendition["width"] for rendition in upload["renditions"]] == [320, 960, 1920]
    assert maria.download(upload) == picture
    rendition = maria.get(upload["renditions"][0]["url"].split(APP)[1])
    assert rendition.headers["Content-Type"] == "image/webp"


def test_units_are_valid_and_both_services_are_hardened(server, admin_password):
    run = server.machine.run
    names = [f"headway{end}" for end in (".target", ".socket", ".service", "-worker.service")]
    verified = run("systemd-analyze", "verify", *(f"/etc/systemd/system/{name}" for name in names))
    assert verified.stdout + verified.stderr == ""
    for name in names[2:]:
        report = run("systemd-analyze", "security", "--no-pager", name).stdout
        assert float(re.search(r"Overall exposure level.*: ([0-9.]+)", report)[1]) <= 1.5, report
    assert run("systemctl", "--failed", "--quiet", "--plain").stdout == ""


def test_secrets_are_readable_only_by_root(server, admin_password):
    run = server.machine.run
    assert run("stat", "--format=%a %U", "/etc/headway/env", "/etc/headway/tls/key.pem").stdout.split("\n")[:2] == [
        "600 root",
        "600 root",
    ]
    assert len(re.search(r"^SECRET_KEY=(.*)$", run("cat", "/etc/headway/env").stdout, re.MULTILINE)[1]) >= 50


def test_responses_of_nginx_and_of_the_site_have_each_header_once(server, maria):
    page = maria.get("/todos/")
    static = maria.get(re.search(rb'href="(/static/[^"]+\.css)"', page.body)[1].decode(), Accept_Encoding="gzip, br")
    assert static.headers["Content-Encoding"] == "br"
    assert "immutable" in static.headers["Cache-Control"]
    assert static.headers["Access-Control-Allow-Origin"] == "*"
    dashboard = server.visitor(DASHBOARD).get("/")
    assert f"https://{APP}/api".encode() in dashboard.body
    assert server.visitor(DASHBOARD).get("/nothing").status == 404
    upload = maria.upload("note.txt", b"a note").json()
    file = maria.get(f"/uploads/{upload['id']}/download/")
    for response in (page, static, dashboard, file):
        for name in UNIQUE_HEADERS:
            assert len(response.headers.get_all(name, [])) == 1, (name, response.headers.items())


def test_install_with_invalid_options_explains_them_and_changes_nothing(server, admin_password):
    release = server.active_release()
    for options, message in (
        (["--app", "other.example.test"], "edit ALLOWED_HOSTS"),
        (["--port", "80"], "--port is not an option"),
        (["--certificate", "/nowhere"], "/nowhere can't be read"),
        (["--certbot"], "--certbot needs --mail"),
    ):
        done = server.machine.run("/srv/checkout/deploy/install", *options, check=False)
        assert done.returncode != 0
        assert message in done.stderr
    output = server.machine.run("/srv/checkout/deploy/install", "--dry-run").stdout
    assert "would copy this checkout" in output
    assert server.active_release() == release


def test_reboot_starts_the_site_with_its_files(server, maria):
    upload = maria.wait_for_job(maria.upload("note.txt", b"before the night").json())
    server.machine.shut_down()
    server.machine.boot()
    wait_until(lambda: maria.get("/healthz/").status == 200, 300)
    assert maria.download(upload) == b"before the night"


def test_upgrade_under_load_fails_no_request_and_a_rollback_undoes_it(server, maria, capsys):
    before = server.active_release()
    copy, path_on_machine = server.copy_checkout("next")
    page = copy / "templates/todos/index.html"
    page.write_text(page.read_text().replace("{% block main %}", "{% block main %}<p>The next release</p>"))
    load = Load(maria)
    with load.running():
        server.machine.run(f"{path_on_machine}/deploy/upgrade")
    with capsys.disabled():
        print(f"\n  during the upgrade: {load.counts}, the slowest took {load.slowest:.1f} s")
    assert load.failures == []
    assert min(load.counts.values()) > 0
    for upload in load.uploads:
        maria.wait_for_job(upload)
    assert b"The next release" in maria.get("/todos/").body
    with load.running():
        server.machine.run("/opt/headway/current/deploy/rollback")
    assert load.failures == []
    assert server.active_release() == before
    assert b"The next release" not in maria.get("/todos/").body


def test_failing_release_leaves_the_previous_release_active(server, maria):
    before, settings = server.active_release(), server.machine.run("cat", "/etc/headway/env").stdout
    copy, path_on_machine = server.copy_checkout("broken")
    unit = copy / "deploy/systemd/headway.service"
    unit.write_text(re.sub("^ExecStart=.*", "ExecStart=/bin/false", unit.read_text(), flags=re.MULTILINE))
    done = server.machine.run(f"{path_on_machine}/deploy/install", check=False)
    assert done.returncode != 0
    assert "is active again" in done.stderr
    assert server.active_release() == before
    assert maria.get("/todos/").status == 200
    assert server.machine.run("cat", "/etc/headway/env").stdout == settings


@pytest.fixture
def backup(server, maria) -> tuple[str, dict]:
    """Make a backup under load. Return the archive's path, and a picture that it must contain."""
    picture = maria.wait_for_job(maria.upload("holiday.jpg", photo(2000, 1500)).json())
    load = Load(maria)
    with load.running():
        server.machine.run("/opt/headway/current/deploy/backup", "/srv")
    assert load.failures == []
    return server.machine.run("sh", "-c", "ls /srv/headway-*.tar").stdout.strip(), picture


def test_restore_brings_back_files_and_sessions(server, maria, backup):
    archive, picture = backup
    later = maria.wait_for_job(maria.upload("later.txt", b"after the backup").json())
    assert server.machine.run("/srv/checkout/deploy/restore", "/etc/hostname", check=False).returncode != 0
    assert maria.download(later) == b"after the backup"

    destroy(server)
    server.install()
    output = server.machine.run("/opt/headway/current/deploy/restore", archive).stdout
    assert "Restored" in output
    maria.trust(server.certificate())
    assert maria.get(f"/uploads/{later['id']}/").status == 404  # an invalid session would be redirected
    for upload in [picture, *maria.get("/api/uploads/").json()]:
        assert hashlib.sha256(maria.download(upload)).hexdigest() == upload["sha256"]


def destroy(server) -> None:
    """Delete everything of Headway on this machine except its packages."""
    server.machine.run(
        "sh",
        "-euc",
        "systemctl stop headway.target headway.socket headway headway-worker; "
        "rm -rf /opt/headway /var/lib/headway /etc/headway /etc/nginx/headway /etc/nginx/conf.d/headway.conf "
        "/etc/systemd/system/headway*; systemctl daemon-reload; "
        "setpriv --reuid=postgres --regid=postgres --init-groups dropdb headway; "
        "setpriv --reuid=postgres --regid=postgres --init-groups dropuser headway; userdel headway",
    )


def test_certbot_obtains_and_renews_the_certificate(server, maria):
    root = start_certificate_authority(server.machine, APP, DASHBOARD)
    server.machine.run("/srv/checkout/deploy/install", "--certbot", "--mail", "maria@example.test")
    maria.trust(root)
    assert maria.get("/todos/").status == 200
    first = server.certificate()
    server.machine.run("certbot", "renew", "--quiet", "--force-renewal", "--no-random-sleep-on-renew")
    assert server.certificate() != first
    wait_until(lambda: ssl.get_server_certificate((server.machine.address, 443)) in server.certificate())
