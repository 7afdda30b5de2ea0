"""All buckets of an account, of every region."""

from alicloud import oss_listing
from alicloud.clock import Clock
from alicloud.oss_listing import ListedBucket
from alicloud.session import Identity, Session
from emulator.cloud import ACCESS_KEY_ID, ACCESS_KEY_SECRET
from tests.flows.running import start_emulator


def test_the_account_s_own_buckets_are_listed_with_their_regions_over_all_pages(monkeypatch):
    monkeypatch.setattr(oss_listing, "PAGE_SIZE", 2)
    buckets = [{"name": f"bucket-{number}", "acl": "private"} for number in range(5)]
    foreign = {"name": "foreign", "acl": "private", "owner": "1999999999999999"}
    with start_emulator() as running:
        running.reset({"oss": {"buckets": [*buckets, foreign]}})
        with Session(
            Identity(ACCESS_KEY_ID, ACCESS_KEY_SECRET), "cn-hangzhou", {"*": running.url}, Clock(1000)
        ) as cloud:
            found = cloud.send(oss_listing.list_buckets())

        assert found == tuple(ListedBucket(f"bucket-{number}", "cn-hangzhou") for number in range(5))
        assert len(running.calls("ListBuckets")) == 3
