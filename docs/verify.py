#!/usr/bin/env python3
"""verify.py AUDIT.DB [--key VKEY]... [CHECKPOINT.TXT]...: verifies an audit log by Python and `openssl` alone.
Exit 0: proved. 7: altered or cut. 8: its end is not proved. 6: no audit log. 2: usage. It shows that the records
are those that were signed. That each follows from those before it is shown by `offboard verify` alone."""
import functools, hashlib, json, os, pathlib, re, shutil, sqlite3, subprocess, sys, tempfile
from base64 import b64decode, b64encode

NOTE, PREFIX = re.compile("\n*((?:[^\n]+\n)+)\n((?:\u2014 [^\n]*\n)+)"), bytes.fromhex("302a300506032b6570032100")
RECORDS = "SELECT seq, kind, run, body, salt, bytes FROM record FULL JOIN payload USING (seq) ORDER BY seq"
SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE type <> 'index' ORDER BY type, name"
OPENSSL = "openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey key -sigfile signature -in text".split()

def H(data): return hashlib.sha256(data).digest()

def need(holds, text):
    if not holds: raise ValueError(text)

def notes(text, at=0):  # signed notes, one after another
    while note := NOTE.match(text, at): at = note.end(); yield note[0]

@functools.lru_cache(None)
def is_good(*parts):  # a key, a signature, a text: Ed25519
    with tempfile.TemporaryDirectory() as folder:
        for name, part in zip(("key", "signature", "text"), parts): pathlib.Path(folder, name).write_bytes(part)
        return not subprocess.run(OPENSSL, cwd=folder, capture_output=True).returncode

def look(db, copied, outside, trusted):  # what a proof lacks; whatever disagrees is an error
    need(db.execute("PRAGMA integrity_check").fetchall() == [("ok",)], "the file is damaged")
    heads = [*db.execute("SELECT size, note FROM checkpoint")] + [(None, note) for note in [*copied, *outside]]
    sizes, roots, peaks, keys, ends, log, last, count = {int(n.split()[1]) for _, n in heads}, {}, [], {}, {}, {}, 0, 0
    for count, (seq, kind, run, body, salt, data) in enumerate(db.execute(RECORDS), 1):
        record = json.loads(body); log = log or record
        form = json.dumps(record, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
        need(seq + 1 == count and kind and form == body, f"record {count - 1} is missing or not as it was written")
        named = data and {"digest": H(salt + data).hex(), "length": len(data)}
        need(record.get("body") == named, f"the body of record {seq} is not the one that was recorded")
        may_be = ends.get(run) is None or kind in ("report_written", "resolved", "corroborated", "reconciled")
        need(may_be and (kind == "log_opened") == (seq == 0), f"record {seq} is not legal after those before it")
        need(not trusted or record.get("vkey", trusted[0]) in trusted, f"record {seq} introduces another key")
        if kind == "key_introduced":  # split from the left: base64 may hold a `+`
            name, number, key = record["vkey"].split("+", 2)
            keys.setdefault((name, number), (PREFIX + b64decode(key)[1:], seq))
        if run and kind != "report_written": last, ends[run] = run, seq if kind == "run_sealed" else ends.get(run)
        root = H(b"\0" + body)  # goes into the right edge of the tree (RFC 6962)
        while seq & 1: root, seq = H(b"\1" + peaks.pop() + root), seq >> 1
        peaks.append(root)
        if count in sizes: roots[count] = functools.reduce(lambda right, left: H(b"\1" + left + right), peaks[::-1])
    schema = "".join("|".join(row) + "\n" for row in db.execute(SCHEMA)).encode()
    need(not log or log["schema_sha256"] == H(schema).hex(), "a table, a trigger or a view was changed")
    for size, note in heads:
        (text, lines), since = NOTE.fullmatch(note).groups(), []
        for _, name, mark in (line.split(" ", 2) for line in lines.split("\n")[:-1]):
            raw, (key, seq) = b64decode(mark), keys.get((name, b64decode(mark)[:4].hex()), (None, None))
            is_fine = b64encode(raw).decode() == mark and (not key or is_good(key, raw[4:], text.encode()))
            since += need(is_fine, f"a signature of {name} is not good") or [seq] * bool(key)
        origin, covers, root = text.split("\n")[0], int(text.split("\n")[1]), b64decode(text.split("\n")[2])
        need(since and min(since) < covers == (size or covers), f"the head over {covers} is signed by no known key")
        need((origin, root) == ("offboard/" + log["log_id"], roots.get(covers)), f"the head over {covers} disagrees")
    covered, kept = max([size for size, _ in heads if size] + [0]), max([int(n.split()[1]) for n in outside] + [0])
    return ["a sealed run at its end"] * (ends.get(last) is None) + ["a head over all records"] * (covered < count) + [
        "a head from elsewhere over its end"] * (kept <= (ends.get(last) or 0))

def verify(path, files=(), trusted=(), code=2):  # the exit code, and why
    try:
        texts = [pathlib.Path(file).read_text("utf-8").strip() + "\n" for file in files]
        is_fine = shutil.which("openssl") and all("".join(notes(text)) == text for text in texts)
        need(is_fine, "`openssl` is missing, or a file does not hold signed heads alone")
        code, outside, beside = 6, [note for text in texts for note in notes(text)], pathlib.Path(path + ".checkpoints")
        copied = beside.read_bytes().decode(errors="replace") if beside.exists() else ""  # first: it never has more
        with tempfile.TemporaryDirectory() as folder:  # SQLite may write beside what it opens, so it opens a copy
            for end in ("", "-wal", "-journal"):
                if not end or os.path.exists(path + end): shutil.copyfile(path + end, folder + "/log" + end)
            db = sqlite3.connect(folder + "/log")
            version = [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
            need(version == [0x6F666662, 1], "it is something else, or of another version")
            code = 7; lacks = look(db, notes(copied), outside, trusted)
    except Exception as error: return code, {2: "usage", 6: "no audit log", 7: "ALTERED OR CUT"}[code] + f": {error}"
    return (8, "nothing disagrees, but it takes " + " and ".join(lacks)) if lacks else (0, "complete and unaltered")

if __name__ == "__main__":
    words, trusted = sys.argv[1:], []
    while "--key" in words[:-1]: trusted.append(words.pop(words.index("--key") + 1)); words.remove("--key")
    code, text = verify(os.path.realpath(words[0]), words[1:], trusted) if words else (2, __doc__)
    print(text); sys.exit(code)
