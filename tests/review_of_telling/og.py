import sys; sys.path[:0]=["contrib/tocsin-opsgenie/src","contrib/tocsin-pagerduty/src"]
import attrs
from tocsin_opsgenie.backend import OpsgenieBackend
from tocsin_opsgenie.settings import OpsgenieConfig, HARD_TIMEOUT, LONGEST_TIMEOUT, MOST_REQUESTS
from tocsin.testing.samples import of_each_kind
import tocsin
n = attrs.evolve(of_each_kind("x")["more"], reopened=1)
b = OpsgenieBackend(OpsgenieConfig(api_key="k"*36, update_alerts=True), None)
reqs=[b.request(n), *b._updates(n)]
print(len(reqs), "requests; MOST_REQUESTS", MOST_REQUESTS, "longest", len(reqs)*LONGEST_TIMEOUT, "hard", HARD_TIMEOUT)
for r in reqs: print(r.method, r.url.path)
