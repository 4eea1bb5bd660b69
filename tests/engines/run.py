"""Runs the recipes of a document over an export, and prints what each gives, as JSON: its heading, and its rows. How many
seconds each took goes to standard error.

    run.py DOCUMENT EXPORTS [SECTION...]

Without a section, all but Spark's. A block that stands under no heading of its own prepares those that follow it.
"""

import datetime
import decimal
import json
import pathlib
import re
import sys
import time

document, exports, *sections = sys.argv[1:]
text = pathlib.Path(document).read_text(encoding="utf-8")


def plain(value):
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return int(value)
    if hasattr(value, "item"):
        return value.item()
    return value


def run_sql(engine, block):
    if "con" not in engine:
        import duckdb

        engine["con"] = duckdb.connect()
        engine["con"].execute("SET TimeZone = 'UTC'")
    found = engine["con"].execute(block)
    columns = [column[0] for column in found.description or []]
    return [dict(zip(columns, map(plain, row))) for row in found.fetchall()] if columns else []


def run_python(engine, block):
    exec(block, engine)
    answer = engine.pop("answer", None)
    if answer is None:
        return []
    return [{name: plain(value) for name, value in row.items()} for row in answer.to_dict("records")]


answers = {}
for section in re.split(r"^## ", text, flags=re.M)[1:]:
    name, _, body = section.partition("\n")
    if name not in (sections or ["DuckDB", "pandas and pyarrow"]):
        continue
    engine = {"pathlib": pathlib}
    for part in re.split(r"^### ", body, flags=re.M):
        heading = part.partition("\n")[0].strip()
        for language, block in re.findall(r"^```(sql|python)\n(.*?)^```", part, flags=re.M | re.S):
            block = block.replace("exports/", exports.rstrip("/") + "/").replace('"exports"', json.dumps(exports))
            began = time.monotonic()
            rows = {"sql": run_sql, "python": run_python}[language](engine, block)
            print(f"{time.monotonic() - began:.2f} {heading or name}", file=sys.stderr)
            if not part.startswith("\n"):
                answers[heading] = rows
print(json.dumps(answers, default=str))
