import pytest

from flows.check import check
from flows.prepare import prepare
from tests.flows.conftest import artifact

pytestmark = pytest.mark.xdist_group("prefect")


def test_dbg(prepared, going_on):
    import json
    w=prepared.account
    for k,v in w["parts"].items():
        print(k, json.dumps(v)[:6000])
    print(prepared.state)
    print([c["action"] for c in prepared.calls if c["write"]])
    r = artifact("report-flink-exclusive")
    print(r.data)
    print(artifact("cluster-flink-exclusive"))
    import time; t=time.time()
    st=going_on.run(prepare); print(time.time()-t, st, going_on.writes(), going_on.reads())
    assert 0
