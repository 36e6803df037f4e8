"""The pages of the reference that follow from the code; the site has them, the checkout does not."""

from collections.abc import Callable, Mapping

from reference_pages import checks, endpoints, errors, log_lines, metrics, resources

PAGES: Mapping[str, Callable[[], str]] = {
    "reference/checks.md": checks.page,
    "reference/endpoints.md": endpoints.page,
    "reference/errors.md": errors.page,
    "reference/log.md": log_lines.page,
    "reference/metrics.md": metrics.page,
    "reference/resources.md": resources.page,
}
