"""Network conditions of a page."""

from playwright.sync_api import Page

SLOW = 200_000  # bytes a second: a file of 1 MB needs several acknowledgements
SLOWER = 100_000
ALMOST_STOPPED = 20_000


class Network:
    """The network of a page, which can be slow or offline."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("Network.enable")

    def throttle(self, bytes_per_second: int = -1, offline: bool = False) -> None:
        """Limit the rate of sending; -1 is no limit."""
        conditions = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_second, "offline": offline}
        self._session.send("Network.emulateNetworkConditions", conditions)
