"""Hold answers back for the latency that is declared for their model."""

from __future__ import annotations

import asyncio

from cupola_data.models import BaseModel

from .clock import Clock


async def keep_pace(clock: Clock, base: BaseModel, started: float, tokens: int) -> None:
    """Sleep for what is left of the declared time to the first and `tokens` more tokens.

    Args:
        started: When the request came, on the event loop's clock.
    """
    stand = base.emulator
    declared = stand.first_token_ms / 1000 + tokens / stand.tokens_per_second
    left = clock.real(declared) - (asyncio.get_running_loop().time() - started)
    if left > 0:
        await asyncio.sleep(left)
