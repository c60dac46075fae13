"""A gateway: takes readings, says of each that it is kept, and sends them in the background.

python gateway.py FILE URL KEY SITE FIRST COUNT
"""

import asyncio
import sys

from readings_of_tests import row

from sitewatt_client import Buffer, Client


async def main(file: str, url: str, key: str, site: int, first: int, count: int) -> None:
    def told(site_id: int, receipt: object) -> None:
        print("sent", site_id, receipt, flush=True)

    async with (
        Client(url, key, patience=0) as sites,
        Buffer(file, sites, batch=50, on_receipt=told) as buffer,
    ):
        for number in range(first, first + count):
            await buffer.put(site, row(number))
            print("kept", number, flush=True)
        while len(buffer):
            await asyncio.sleep(0.02)
        print("empty", flush=True)
        await asyncio.sleep(600)


if __name__ == "__main__":
    file, url, key, *numbers = sys.argv[1:]
    asyncio.run(main(file, url, key, *map(int, numbers)))
