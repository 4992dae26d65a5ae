"""The adapter between requests and the pools of connections, without what every request would pay for anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from tap_klaviyo.http.pace import POOLS

if TYPE_CHECKING:
    from urllib3 import PoolManager, ProxyManager
    from urllib3.connectionpool import ConnectionPool


class PooledAdapter(HTTPAdapter):
    """An adapter for requests that differ in their paths alone: they share proxies, certificates and a bundle.

    Its connections, those through a proxy too, cut what comes too slowly.
    """

    _pools: dict[tuple[str, str], ConnectionPool]

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Give the pools our connections."""
        super().init_poolmanager(*args, **kwargs)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = POOLS
        self._pools = {}

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> ProxyManager:
        """Give the pools of a proxy our connections."""
        manager: ProxyManager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = POOLS
        return manager

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> ConnectionPool:
        """Return the pool of the request's origin; to work it out anew takes as long as to read a response."""
        parts = urlsplit(request.url or "")
        origin = parts.scheme, parts.netloc
        pool = self._pools.get(origin)
        if pool is None:
            pool = self._pools[origin] = super().get_connection_with_tls_context(request, *args, **kwargs)
        return pool

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """Return status, headers and the body to read; cookies are nobody's."""
        response = requests.Response()
        response.status_code, response.reason = resp.status, resp.reason
        response.headers, response.raw = resp.headers, resp
        response.url, response.request = req.url or "", req
        return response

    def close(self) -> None:
        """Close the connections; another request opens new ones."""
        self._pools.clear()
        super().close()
