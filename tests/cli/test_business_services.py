"""Service components and rule templates with sensuctl."""

from pathlib import Path

from tests.cli.conftest import Sensuctl

SERVICES = """---
type: RuleTemplate
api_version: bsm/v1
metadata:
  name: worst
spec:
  description: As bad as the worst event
  arguments:
    properties:
      least:
        type: number
    required:
    - least
  eval: |
    event.check.status = sensu.CountBySeverity("critical") >= args.least ? 2 : 0;
    return event;
---
type: ServiceComponent
api_version: bsm/v1
metadata:
  name: webservers
spec:
  services:
  - website
  - shop
  interval: 60
  query:
  - type: fieldSelector
    value: webserver in event.check.subscriptions
  rules:
  - template: aggregate
    name: web-70
    arguments:
      critical_threshold: 70
  - template: worst
    name: web-worst
    arguments:
      least: 1
  handlers:
  - slack
"""


def test_components_and_templates_are_managed_as_code(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """A file creates them, lists and details show them, and a dump creates them again without the built-in template."""
    file = tmp_path / "services.yml"
    file.write_text(SERVICES)
    assert sensuctl("create", "-f", str(file)).status == 0
    assert "2 unchanged" in sensuctl("apply", "-f", str(file)).out
    row = sensuctl("service-component", "list").out.splitlines()[2]
    assert [cell.strip() for cell in row.split("  ") if cell.strip()] == [
        "webservers",
        "website,shop",
        "60 s",
        "webserver in event.check.subscriptions",
        "web-70 (aggregate),web-worst (worst)",
    ]
    assert "slack" in sensuctl("service-component", "info", "webservers").out
    templates = sensuctl("rule-template", "list").out
    assert [line.split()[0] for line in templates.splitlines()[2:]] == ["aggregate", "worst"]
    assert "critical_count,critical_threshold" in sensuctl("rule-template", "info", "aggregate").out
    dumped = sensuctl("dump", "bsm/v1.RuleTemplate,bsm/v1.ServiceComponent").out
    assert dumped.count("\nspec:") == 2
    assert "name: aggregate" not in dumped
    (tmp_path / "again.yml").write_text(dumped)
    assert "2 unchanged" in sensuctl("apply", "-f", str(tmp_path / "again.yml")).out
    assert sensuctl("delete", "-f", str(file)).status == 0
    refused = sensuctl("rule-template", "delete", "aggregate", "--skip-confirm")
    assert (refused.status, "is built in and cannot be deleted" in refused.err) == (1, True)
