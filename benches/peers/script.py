#!/usr/bin/env python3
"""What a careful person writes instead: aiohttp, as many workers as asked, and a row in SQLite before and after each
request, committed at once (WAL, synchronous=FULL). No plan, no pacing, no proof. Prints one line of JSON.

script.py URL CUSTOMERS WORKERS AUDIT.DB"""
import asyncio, json, resource, sqlite3, sys, time, uuid

import aiohttp

BODY = '{"relationshipToPartner":"none","attributes":{"objectType":"Customer"}}'


async def call(session, db, method, url):
    ids = {"MS-RequestId": str(uuid.uuid4()), "MS-CorrelationId": str(uuid.uuid4())}
    intent = "INSERT INTO log (kind, at, method, url, headers) VALUES ('intent', ?, ?, ?, ?)"
    db.execute(intent, (time.time(), method, url, json.dumps(ids)))
    db.commit()
    body = BODY if method == "PATCH" else None
    async with session.request(method, url, data=body, headers={**ids, "Content-Type": "application/json"}) as answer:
        text = await answer.text()
        heard = "INSERT INTO log (kind, at, method, url, status, headers, body) VALUES ('answer', ?, ?, ?, ?, ?, ?)"
        db.execute(heard, (time.time(), method, url, answer.status, json.dumps(dict(answer.headers)), text))
        db.commit()
        return json.loads(text)


async def worker(session, db, base, customers):
    for customer in customers:
        at = f"{base}/v1/customers/{customer}"
        await call(session, db, "GET", at + "/subscriptions")
        await call(session, db, "GET", at + "/entitlements?showExpiry=true")
        await call(session, db, "PATCH", at)


async def main(base, count, workers, path):
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE log (seq INTEGER PRIMARY KEY, kind, at, method, url, status, headers, body)")
    customers = iter([f"d0000000-0000-4000-8000-{n:012x}" for n in range(count)])
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer a-token-for-measuring"}) as session:
        began = time.monotonic()
        await asyncio.gather(*(worker(session, db, base, customers) for _ in range(workers)))
        seconds = time.monotonic() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"seconds": seconds, "cpu_seconds": used.ru_utime + used.ru_stime, "log": 0, "wal": 0}))


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
