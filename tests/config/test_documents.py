"""README, the guide, the runbook and the files in .github: what they name exists, and their configuration is valid."""

import re

import pytest
import yaml
from django.core.management import get_commands

from config.environment import VALID_DEVELOPMENT_VALUES, VALID_VALUES
from config.site.views import GUIDE
from tests.config.test_conventions import PYPROJECT
from tests.helpers import file
from tests.paths import ROOT
from uploads.receiving import ingest

GITHUB = ROOT / ".github"
DIRECTORIES = "config|todos|uploads|progress|templates|deploy|tests|.github"
TEXTS = {
    str(path.relative_to(ROOT)): path.read_text()
    for path in [
        *(ROOT / "README.md", ROOT / "deploy/README.md", ROOT / "deploy/MORE_MACHINES.md"),
        *GITHUB.rglob("*.md"),
        *GITHUB.rglob("*.yml"),
        *(ROOT / "templates/site").glob("*.md"),
    ]
}
TEXTS[".github/CONTRIBUTING.md"] = TEXTS[".github/CONTRIBUTING.md"].partition("\n## Worked examples\n")[0]
"""The examples create files; test_contributing.py follows them."""

every_document = pytest.mark.parametrize("document", sorted(TEXTS))


def test_documents_include_every_page_of_the_guide():
    assert {f"templates/site/{page.name}.md" for page in GUIDE} <= TEXTS.keys()


@every_document
class TestDocument:
    def test_names_only_existing_make_targets(self, document):
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        named = re.findall(r"(?:`|run: |^ *)make ([a-z-]+)", TEXTS[document], re.MULTILINE)
        assert set(named) <= set(targets)

    def test_names_only_existing_management_commands(self, document):
        assert set(re.findall(r"manage\.py ([a-z][\w-]+)", TEXTS[document])) <= get_commands().keys()

    def test_names_only_existing_files(self, document):
        named = re.findall(rf"(?<![\w./'|-])((?:{DIRECTORIES})/[\w./*-]*[\w/])", TEXTS[document])
        assert [name for name in named if not any(ROOT.glob(name.rstrip("/")))] == []

    def test_names_only_existing_settings(self, document):
        settings = VALID_VALUES.keys() | VALID_DEVELOPMENT_VALUES.keys()
        if document.endswith(".md"):
            assert set(re.findall(r"(?<!@)\b([A-Z]+_[A-Z_]+)\b(?!\.md)", TEXTS[document])) <= settings

    def test_links_only_to_existing_files(self, document):
        linked = re.findall(r"\]\((?!https?:|#|{)([^)#]+)", TEXTS[document])
        assert [name for name in linked if not (ROOT / document).parent.joinpath(name).exists()] == []


def test_readme_names_a_file_for_each_idea():
    ideas = re.search(r"^## Where each idea is\n\n(.*?)\n\n", TEXTS["README.md"], re.MULTILINE | re.DOTALL)[1]
    rows = ideas.splitlines()[2:]
    assert len(rows) > 10
    assert [row for row in rows if not re.search(rf"`({DIRECTORIES})/", row)] == []


def test_readme_fits_on_one_screen():
    assert len(TEXTS["README.md"].splitlines()) <= 65


def test_runbook_names_only_existing_installer_options():
    runbook = TEXTS["deploy/README.md"]
    commands = set(re.findall(r"\bdeploy/([a-z_]+)\b", runbook))
    assert {"install", "upgrade", "rollback", "backup", "restore", "manage"} <= commands
    assert {name for name in commands if not (ROOT / "deploy" / name).exists()} == set()
    texts = runbook + TEXTS["templates/site/server.md"]
    install = "\n".join(re.findall(r"^ *deploy/install(?:.*\\\n)*.*$|`--.*?`", texts, re.MULTILINE))
    options = set(re.findall(r"--[a-z-]+", install))
    assert "--certbot" in options
    assert options <= set(re.findall(r"--[a-z-]+", (ROOT / "deploy/install").read_text()))


@pytest.mark.parametrize("guide_page", GUIDE, ids=lambda page: page.name)
class TestGuide:
    def test_links_lead_to_pages_and_headings(self, guide_page, visitor):
        text = visitor.get(f"/{guide_page.path}").text
        for url, fragment in set(re.findall(r'href="(/[^"#]*)?(?:#([^"]+))?"', text)):
            if not url.startswith("/static/"):
                target = visitor.get(url or f"/{guide_page.path}")
                assert target.status_code in (200, 302), url
                assert not fragment or f'id="{fragment}"' in target.text, fragment

    def test_works_without_scripts_and_inline_styles(self, guide_page, visitor):
        article = visitor.get(f"/{guide_page.path}").text.partition("<article")[2]
        assert not re.search(r"<script|<style|<[^>]* (style|on\w+)=", article)

    def test_describes_itself_in_title_and_heading(self, guide_page, visitor):
        text = visitor.get(f"/{guide_page.path}").text
        assert f"<title>{guide_page.title} · Headway</title>" in text
        assert re.findall("<h1>(.*)</h1>", text) == [guide_page.title]
        assert f'aria-current="page">{guide_page.title}</a>' in text


def test_guide_task_can_be_enqueued(alice):
    code = re.search(r"^```python\n(.*?)^```$", TEXTS["templates/site/tasks.md"], re.MULTILINE | re.DOTALL)[1]
    upload = ingest.create_upload(alice, file(b"a row", "rows.csv"))
    request = type("Request", (), {"user": alice})
    names = {"__name__": "guide", "request": request, "upload": upload, "rows_of": lambda upload_id: []}
    exec(code, names)
    assert names["job"].label == "Importing rows.csv"
    assert names["job"].state == "queued"


def test_yaml_files_are_valid():
    for path in [*GITHUB.rglob("*.yml"), ROOT / ".pre-commit-config.yaml"]:
        assert isinstance(yaml.safe_load(path.read_text()), dict), path
    forms = [yaml.safe_load(path.read_text()) for path in (GITHUB / "ISSUE_TEMPLATE").glob("*_*.yml")]
    assert len(forms) == 2
    assert all({"name", "description", "body"} <= form.keys() for form in forms)


def test_ci_runs_all_checks_on_every_supported_python():
    jobs = yaml.safe_load(TEXTS[".github/workflows/ci.yml"])["jobs"]
    versions = [text.rpartition(" ")[2] for text in PYPROJECT["project"]["classifiers"]]
    assert jobs["test"]["strategy"]["matrix"]["python"] == versions
    assert PYPROJECT["project"]["requires-python"] == f">={versions[0]}"
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    expected = {"lint", "test", "bench ARGS=--quick", "test-machines", "test-deploy"}
    assert {f"make {target}" for target in expected} <= set(commands)


def test_pre_commit_runs_the_linters():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    assert [hook["entry"] for repository in config["repos"] for hook in repository["hooks"]] == ["make lint"]


def test_editors_and_ruff_agree_on_line_length():
    width = re.search(r"^max_line_length = (\d+)$", (ROOT / ".editorconfig").read_text(), re.MULTILINE)[1]
    assert int(width) == PYPROJECT["tool"]["ruff"]["line-length"]


def test_license_matches_pyproject():
    assert (ROOT / "LICENSE").read_text().startswith(f"{PYPROJECT['project']['license']} License\n")
