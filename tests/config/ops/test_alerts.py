"""The alerts of deploy/alerts.yml: promtool validates them and computes when they fire."""

import re
import shutil
import subprocess

import pytest

from progress.models import Worker
from tests.paths import ROOT

ALERTS = ROOT / "deploy" / "alerts.yml"

pytestmark = pytest.mark.services

RULE_TEST = """
rule_files: [{alerts}]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
{series}
    promql_expr_test:
      - expr: count(ALERTS{{alertname="{alert}", alertstate="firing"}}) or vector(0)
        eval_time: {minutes}m
        exp_samples: [{{labels: "{{}}", value: {firing}}}]
"""

SUCCESSES = 'headway_requests_total{view="todos:index", status="200"}'
ERRORS = 'headway_requests_total{view="todos:index", status="500"}'
FAILED_HEALTH_CHECKS = 'headway_requests_total{view="healthz", status="503"}'


def promtool(*arguments: str, stdin: str = "") -> str:
    assert shutil.which("promtool"), "promtool is missing: tests/install_system_packages installs it"
    done = subprocess.run(["promtool", *arguments], input=stdin, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("alert", "series", "minutes", "firing"),
    [
        ("HeadwayNoWorker", {'headway_workers{instance="a"}': "2 1 0x9"}, 3, 1),
        ("HeadwayNoWorker", {'headway_workers{instance="a"}': "2 0 1x9"}, 3, 0),
        ("HeadwayNoWorker", {'headway_workers{instance="a"}': "0x9", 'headway_workers{instance="b"}': "1x9"}, 3, 0),
        ("HeadwayJobsWaitTooLong", {"headway_longest_wait_seconds": "0+60x20"}, 15, 0),
        ("HeadwayJobsWaitTooLong", {"headway_longest_wait_seconds": "0+60x20"}, 16, 1),
        ("HeadwayManyErrors", {SUCCESSES: "0+100x30", ERRORS: "0+4x30"}, 25, 0),
        ("HeadwayManyErrors", {SUCCESSES: "0+100x30", ERRORS: "0+6x30"}, 25, 1),
        ("HeadwayManyErrors", {SUCCESSES: "0+100x30", FAILED_HEALTH_CHECKS: "0+100x30"}, 25, 0),
    ],
)
def test_alert_fires_at_its_threshold(tmp_path, alert, series, minutes, firing):
    lines = (f"      - {{series: '{name}', values: '{values}'}}" for name, values in series.items())
    test = RULE_TEST.format(alerts=ALERTS, alert=alert, series="\n".join(lines), minutes=minutes, firing=firing)
    (tmp_path / "test.yml").write_text(test)
    promtool("test", "rules", str(tmp_path / "test.yml"))


def test_each_alert_has_a_summary_and_a_description():
    assert "3 rules" in promtool("check", "rules", str(ALERTS))
    rules = ALERTS.read_text().split("- alert: ")[1:]
    for rule in rules:
        assert re.search(r"summary: .+\.", rule)
        assert re.search(r"description: >-\n +\S.+", rule)


def test_metrics_are_valid_and_include_those_of_the_alerts(visitor):
    Worker.objects.record_heartbeat("here:1")
    metrics = visitor.get("/metrics").text
    promtool("check", "metrics", stdin=metrics)
    used = set(re.findall(r"\bheadway_\w+", ALERTS.read_text()))
    assert used - {"headway_requests_total"} <= set(re.findall(r"^(headway_\w+)", metrics, re.MULTILINE))
