"""Ask an adapter in an event loop of its own."""

from __future__ import annotations

import asyncio

from billing.network.adapters import open_adapter
from billing.network.base import Adapter, State, Wanted


def ask(target, *deeds):
    """Do each of ``deeds``, which are given the adapter, one after the other; the answer of the last."""

    async def in_a_loop():
        adapter: Adapter = open_adapter(target)
        try:
            answers = [await deed(adapter) for deed in deeds]
            return answers[-1]
        finally:
            await adapter.close()

    return asyncio.run(in_a_loop())


def want(login, state="on", *, key="aaaaaaaa", place="0000", **changes):
    values = {"download_kbps": 20000, "upload_kbps": 5000, "password": "pw"}
    return Wanted(login, State(state), f"1:{key}-{place}", **{**values, **changes})


def enforce(target, wanted, session=None):
    return ask(target, lambda adapter: adapter.enforce(wanted, session))
