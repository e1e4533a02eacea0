"""A bare Debian, one command, and a year of its life: used, rebooted, upgraded, rolled back, lost and brought back."""

import hashlib
import re
import ssl

import pytest

from tests.deploy.authority import start_authority
from tests.deploy.conftest import APP, DASHBOARD
from tests.deploy.load import Load
from tests.faults.cluster import wait_until
from tests.helpers import photo

ONCE = ("Strict-Transport-Security", "X-Content-Type-Options", "Cache-Control")
"""Headers that nginx and Headway could both send."""


def test_one_command_makes_a_site_that_processes_pictures_under_the_hardened_units(maria):
    picture = photo(2000, 1500)
    upload = maria.wait_for_job(maria.upload("holiday.jpg", picture).json())
    assert [each["width"] for each in upload["renditions"]] == [320, 960, 1920]
    assert maria.download(upload) == picture
    shown = maria.get(upload["renditions"][0]["url"].split(APP)[1])
    assert shown.headers["Content-Type"] == "image/webp"


def test_the_units_are_sound_and_closed(server, admin_password):
    run = server.machine.run
    names = [f"headway{end}" for end in (".target", ".socket", ".service", "-worker.service")]
    verified = run("systemd-analyze", "verify", *(f"/etc/systemd/system/{name}" for name in names))
    assert verified.stdout + verified.stderr == ""
    for name in names[2:]:
        said = run("systemd-analyze", "security", "--no-pager", name).stdout
        assert float(re.search(r"Overall exposure level.*: ([0-9.]+)", said)[1]) <= 1.5, said
    assert run("systemctl", "--failed", "--quiet", "--plain").stdout == ""


def test_secrets_are_for_root_alone(server, admin_password):
    run = server.machine.run
    assert run("stat", "--format=%a %U", "/etc/headway/env", "/etc/headway/tls/key.pem").stdout.split("\n")[:2] == [
        "600 root",
        "600 root",
    ]
    assert len(re.search(r"^SECRET_KEY=(.*)$", run("cat", "/etc/headway/env").stdout, re.MULTILINE)[1]) >= 50


def test_files_come_from_nginx_with_each_header_once(server, maria):
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
    for answer in (page, static, dashboard, file):
        for name in ONCE:
            assert len(answer.headers.get_all(name, [])) == 1, (name, answer.headers.items())


def test_what_is_asked_for_in_a_way_that_can_not_be_done_is_said_and_changes_nothing(server, admin_password):
    release = server.release()
    for options, advice in (
        (["--app", "other.example.test"], "edit ALLOWED_HOSTS"),
        (["--port", "80"], "--port is not an option"),
        (["--certificate", "/nowhere"], "/nowhere can't be read"),
        (["--certbot"], "--certbot needs --mail"),
    ):
        done = server.machine.run("/srv/checkout/deploy/install", *options, check=False)
        assert done.returncode != 0
        assert advice in done.stderr
    tried = server.machine.run("/srv/checkout/deploy/install", "--dry-run").stdout
    assert "would copy this checkout" in tried
    assert server.release() == release


def test_after_a_reboot_all_is_there_again(server, maria):
    upload = maria.wait_for_job(maria.upload("note.txt", b"before the night").json())
    server.machine.shut_down()
    server.machine.boot()
    wait_until(lambda: maria.get("/healthz/").status == 200, 300)
    assert maria.download(upload) == b"before the night"


def test_an_upgrade_under_load_fails_no_request_and_a_rollback_undoes_it(server, maria, capsys):
    before = server.release()
    here, there = server.another_checkout("next")
    page = here / "templates/todos/index.html"
    page.write_text(page.read_text().replace("{% block main %}", "{% block main %}<p>The next release</p>"))
    load = Load(maria)
    with load.going_on():
        server.machine.run(f"{there}/deploy/upgrade")
    with capsys.disabled():
        print(f"\n  during the upgrade: {load.counts}, the longest took {load.longest:.1f} s")
    assert load.failures == []
    assert min(load.counts.values()) > 0
    for upload in load.uploads:
        maria.wait_for_job(upload)
    assert b"The next release" in maria.get("/todos/").body
    with load.going_on():
        server.machine.run("/opt/headway/current/deploy/rollback")
    assert load.failures == []
    assert server.release() == before
    assert b"The next release" not in maria.get("/todos/").body


def test_a_release_that_does_not_come_up_leaves_the_one_that_runs(server, maria):
    before, settings = server.release(), server.machine.run("cat", "/etc/headway/env").stdout
    here, there = server.another_checkout("broken")
    unit = here / "deploy/systemd/headway.service"
    unit.write_text(re.sub("^ExecStart=.*", "ExecStart=/bin/false", unit.read_text(), flags=re.MULTILINE))
    done = server.machine.run(f"{there}/deploy/install", check=False)
    assert done.returncode != 0
    assert "runs as before" in done.stderr
    assert server.release() == before
    assert maria.get("/todos/").status == 200
    assert server.machine.run("cat", "/etc/headway/env").stdout == settings


@pytest.fixture
def backup(server, maria) -> tuple[str, dict]:
    """An archive that was made while somebody was sending, and a picture that must be in it."""
    picture = maria.wait_for_job(maria.upload("holiday.jpg", photo(2000, 1500)).json())
    load = Load(maria)
    with load.going_on():
        server.machine.run("/opt/headway/current/deploy/backup", "/srv")
    assert load.failures == []
    return server.machine.run("sh", "-c", "ls /srv/headway-*.tar").stdout.strip(), picture


def test_what_was_lost_comes_back(server, maria, backup):
    archive, picture = backup
    later = maria.wait_for_job(maria.upload("later.txt", b"after the backup").json())
    assert server.machine.run("/srv/checkout/deploy/restore", "/etc/hostname", check=False).returncode != 0
    assert maria.download(later) == b"after the backup"

    destroy(server)
    server.install()
    said = server.machine.run("/opt/headway/current/deploy/restore", archive).stdout
    assert "Restored" in said
    maria.trust(server.certificate())
    assert maria.get(f"/uploads/{later['id']}/").status == 404  # she is still logged in: the key is the old one
    for each in [picture, *maria.get("/api/uploads/").json()]:
        assert hashlib.sha256(maria.download(each)).hexdigest() == each["sha256"]


def destroy(server) -> None:
    """All that Headway had on this machine, but for its packages."""
    server.machine.run(
        "sh",
        "-euc",
        "systemctl stop headway.target headway.socket headway headway-worker; "
        "rm -rf /opt/headway /var/lib/headway /etc/headway /etc/nginx/headway /etc/nginx/conf.d/headway.conf "
        "/etc/systemd/system/headway*; systemctl daemon-reload; "
        "setpriv --reuid=postgres --regid=postgres --init-groups dropdb headway; "
        "setpriv --reuid=postgres --regid=postgres --init-groups dropuser headway; userdel headway",
    )


def test_certbot_gets_a_certificate_and_renews_it(server, maria):
    root = start_authority(server.machine, APP, DASHBOARD)
    server.machine.run("/srv/checkout/deploy/install", "--certbot", "--mail", "maria@example.test")
    maria.trust(root)
    assert maria.get("/todos/").status == 200
    first = server.certificate()
    server.machine.run("certbot", "renew", "--quiet", "--force-renewal", "--no-random-sleep-on-renew")
    assert server.certificate() != first
    wait_until(lambda: ssl.get_server_certificate((server.machine.address, 443)) in server.certificate())
