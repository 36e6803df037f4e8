"""The rules of the clusters of a federation.

Source: docs, "Federation API" (the fields; every user may list clusters).
"""

from collections.abc import Iterator

from sensu.resources.federation import FederatedCluster
from sensu.rules.gateway import LOCAL, may_be_asked
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules
from sensu.rules.names import name_problem
from sensu.rules.selectors.selectable import NAME, Selectable, as_list, own
from sensu.rules.web_urls import is_plain_url

URLS_MAX = 64


def problems(cluster: FederatedCluster) -> Iterator[FieldProblem]:
    """The rules that a cluster breaks."""
    why = name_problem(cluster.metadata.name)
    if why is not None:
        yield FieldProblem("metadata.name", f"cluster name {why}")
    elif cluster.metadata.name == LOCAL:
        yield FieldProblem("metadata.name", f"cluster name must not be {LOCAL}, the name of the cluster that is asked")
    urls = cluster.api_urls or ()
    if not urls:
        yield FieldProblem("api_urls", "api_urls must have at least one URL, for example https://10.0.0.1:8080")
    elif len(urls) > URLS_MAX:
        yield FieldProblem("api_urls", f"api_urls must have at most {URLS_MAX} URLs")
    else:
        for number, url in enumerate(urls):
            if not is_plain_url(url):
                message = f'api_urls must be URLs such as https://10.0.0.1:8080, not "{url}"'
                yield FieldProblem(f"api_urls[{number}]", message)


def notice(cluster: FederatedCluster) -> str:
    """Which URLs are never used."""
    unsafe = [url for url in cluster.api_urls or () if not may_be_asked(url)]
    return f"not used, because tokens are sent over https only: {', '.join(unsafe)}" if unsafe else ""


RULES = KindRules(
    problems=problems,
    selectable=Selectable("cluster", {**NAME, **own(as_list, "api_urls")}),
    notice=notice,
)
