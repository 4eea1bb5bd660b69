#!/usr/bin/env python3
"""verify.py AUDIT.DB [--key VKEY]... [CHECKPOINT.TXT]...: verifies an audit log by Python and `openssl` alone.
Exit 0: proved. 7: altered or cut. 8: its end is not proved. 6: no audit log. 2: usage. It shows that the records
are those that were signed. That each follows from those before it is shown by `offboard verify` alone."""
import base64, functools, hashlib, json, os, pathlib, re, shutil, sqlite3, subprocess, sys, tempfile

NOTE, PREFIX = re.compile("\n*((?:[^\n]+\n)+)\n((?:\u2014 [^\n]*\n)+)"), bytes.fromhex("302a300506032b6570032100")
RECORDS = "SELECT seq, kind, run, body, salt, bytes FROM record FULL JOIN payload USING (seq) ORDER BY seq"
SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE type <> 'index' ORDER BY type, name"
OPENSSL = "openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey key -sigfile signature -in text".split()

def H(data): return hashlib.sha256(data).digest()

def need(holds, text): return holds or {}[text]  # an error that names what does not hold

def notes(text): return [note[0] for note in iter(NOTE.scanner(text).match, None)]  # one after another, from the start

def is_good(folder, *parts):  # a key, a signature, a text: Ed25519
    for name, part in zip(("key", "signature", "text"), parts): pathlib.Path(folder, name).write_bytes(part)
    return not subprocess.run(OPENSSL, cwd=folder, capture_output=True).returncode

def look(db, folder, copied, outside, trusted):  # what a proof lacks; whatever disagrees is an error
    need(db.execute("PRAGMA integrity_check").fetchall() == [("ok",)], "the file is damaged")
    heads = [*db.execute("SELECT size, note FROM checkpoint")] + [(None, note) for note in [*copied, *outside]]
    sizes, roots, peaks, keys, ends, log, last, count = {int(n.split()[1]) for _, n in heads}, {}, [], {}, {}, {}, 0, 0
    for count, (seq, kind, run, body, salt, own) in enumerate(db.execute(RECORDS), 1):
        form = json.dumps(entry := json.loads(body), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        need(seq + 1 == count and kind and form.encode() == body, f"record {count - 1} is not as it was written")
        need(entry.get("body") == (own and {"digest": H(salt + own).hex(), "length": len(own)}), f"body {seq} differs")
        may_be = ends.get(run) is None or kind in ("report_written", "resolved", "corroborated", "reconciled")
        need(may_be and (kind == "log_opened") == (seq == 0), f"record {seq} is not legal after those before it")
        log, (name, number, key) = log or entry, entry.get("vkey", "++").split("+", 2)  # base64 may hold a `+`
        need(not (key and trusted) or entry["vkey"] in trusted, f"record {seq} introduces another key")
        keys.setdefault((name, number), (key and PREFIX + base64.b64decode(key)[1:], seq))
        if run and kind != "report_written": last, ends[run] = run, seq if kind == "run_sealed" else ends.get(run)
        peaks.append(H(b"\0" + body))  # the right edge of the tree (RFC 6962)
        while seq & 1: peaks[-2:], seq = [H(b"\1" + peaks[-2] + peaks[-1])], seq >> 1
        if count in sizes: roots[count] = functools.reduce(lambda right, left: H(b"\1" + left + right), peaks[::-1])
    schema = "".join("|".join(row) + "\n" for row in db.execute(SCHEMA)).encode()
    need(not log or log["schema_sha256"] == H(schema).hex(), "a table, a trigger or a view was changed")
    for size, (text, lines) in ((size, NOTE.fullmatch(note).groups()) for size, note in heads):
        (origin, covers, root), since = text.split("\n")[:3], []
        for _, name, mark in (line.split(" ", 2) for line in lines.split("\n")[:-1]):
            raw, (key, seq) = base64.b64decode(mark), keys.get((name, base64.b64decode(mark)[:4].hex()), (None, 0))
            fine = base64.b64encode(raw).decode() == mark and (not key or is_good(folder, key, raw[4:], text.encode()))
            since += need(fine, f"a signature of {name} is not good") and [seq] * bool(key)
        is_so = (origin, base64.b64decode(root)) == ("offboard/" + log["log_id"], roots.get(int(covers)))
        need(is_so and since and min(since) < int(covers) == (size or int(covers)), f"the head over {covers} disagrees")
    is_inside = all(int(note.split()[1]) <= (ends.get(last) or 0) for note in outside)
    return ["a sealed run at its end"] * (ends.get(last) is None) + ["a head over all records"] * (
        count not in dict(heads)) + ["a head from elsewhere over its end"] * is_inside

def verify(path, files=(), trusted=(), code=2):  # the exit code, and why
    try:
        texts = [pathlib.Path(file).read_text("utf-8").strip() + "\n" for file in files]
        need(shutil.which("openssl") and all("".join(notes(t)) == t for t in texts), "no `openssl`, or no heads alone")
        code, outside, beside = 6, notes("".join(texts)), pathlib.Path(path + ".checkpoints")
        copied = beside.read_bytes().decode(errors="replace") if beside.exists() else ""  # first: it never has more
        with tempfile.TemporaryDirectory() as folder:  # SQLite may write beside what it opens, so it opens a copy
            for end in ("", *filter(lambda end: os.path.exists(path + end), ("-wal", "-journal"))):
                shutil.copyfile(path + end, folder + "/log" + end)
            db = sqlite3.connect(folder + "/log")
            version = [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
            code = need(version == [0x6F666662, 1], "it is something else, or of another version") and 7
            lacks = look(db, folder, notes(copied), outside, trusted)
    except Exception as error: return code, {2: "usage", 6: "no audit log", 7: "ALTERED OR CUT"}[code] + f": {error}"
    return (8, "nothing disagrees, but it takes " + " and ".join(lacks)) if lacks else (0, "complete and unaltered")

if __name__ == "__main__":
    a, keys = sys.argv[1:], ["--key"] + [key for flag, key in zip(sys.argv, sys.argv[1:]) if flag == "--key"]
    code, text = verify(os.path.realpath(a[0]), [w for w in a[1:] if w not in keys], keys[1:]) if a else (2, __doc__)
    sys.exit(print(text) or code)
