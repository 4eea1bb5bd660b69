#!/usr/bin/env python3
"""verify.py AUDIT.DB [--key VKEY]... [CHECKPOINT.TXT]...: verifies an audit log by Python and `openssl` alone.
Exit 0: proved. 7: altered or cut. 8: its end is not proved. 6: no audit log, or it cannot be read. 2: usage, or a file
or a tool that cannot be used. It shows that the records are those that were signed. That each follows from those before
it is shown by `offboard verify` alone."""
import base64, functools, hashlib, json, os, pathlib, re, shutil, sqlite3, subprocess, sys, tempfile

NOTE = re.compile("\n*((?:[^\n]+\n)+)\n((?:\u2014 [^\n]*\n)+)")  # a text, an empty line, signatures
HEAD = re.compile("([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*")  # whose, its size, its root
SIGNED = re.compile(r"\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)")
PREFIX = bytes.fromhex("302a300506032b6570032100")  # what makes 32 bytes an Ed25519 key in DER
OPENSSL = "openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey key -sigfile signature -in text".split()
SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
# The schemas that were released: the digest that the first record has, which leaves indexes out, and that of all.
RELEASED = {"027f1bd0e3d7cb127a6d6d8585b1d196284934dd4238bea38ac909766c25087f":
            "070e22eaf81842c9c99a2526622bdf457c7a27f786cc0b00a43ffe1faf7b8dcc",
            "b10227a68b1ab892bd2930020512802b1d4a9e4cc52fbc192a34fe27e46d59c9":
            "b10227a68b1ab892bd2930020512802b1d4a9e4cc52fbc192a34fe27e46d59c9"}
AFTER_THE_END = ("report_written", "resolved", "corroborated", "reconciled")  # kinds that may follow a run's seal
UNUSABLE = (sqlite3.Error, UnicodeDecodeError)  # what SQLite says of a damaged file may be no text
NOT_READ = ("disk I/O error", "unable to open database file", "database or disk is full", "out of memory")

class Usage(Exception): "2: a file or a tool that cannot be used."
class NoLog(Exception): "6: it is no audit log, or it cannot be read."
class Altered(Exception): "7: it was proved that something disagrees."

def H(data): return hashlib.sha256(data).digest()

def need(holds, text, error=Altered):
    if not holds: raise error(text)

def notes(text): return [note[0] for note in iter(NOTE.scanner(text).match, None)]  # one after another, from the start

def is_good(folder, *parts):  # a key, a signature, a text: Ed25519
    for name, part in zip(("key", "signature", "text"), parts): pathlib.Path(folder, name).write_bytes(part)
    try: return not subprocess.run(OPENSSL, cwd=folder, capture_output=True).returncode
    except OSError as error: raise Usage(f"`openssl` cannot be started: {error}")

def need_tools(folder):  # the second example of RFC 8032; a tool that is too old would call every signature bad
    key = PREFIX + bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    mark = bytes.fromhex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                         "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")
    proves = shutil.which("openssl") and is_good(folder, key, mark, b"r") and not is_good(folder, key, mark, b"s")
    need(proves, "`openssl` is missing, or cannot verify Ed25519 signatures of a text: OpenSSL 3.0 can", Usage)
    can_open = sqlite3.sqlite_version_info >= (3, 37) and json_works()
    need(can_open, f"SQLite {sqlite3.sqlite_version} cannot open an audit log: 3.37 with JSON can", Usage)

def json_works():
    try: return sqlite3.connect(":memory:").execute("SELECT json_extract('[1]', '$[0]')").fetchone() == (1,)
    except sqlite3.Error: return False

def ticket(path):  # heads alone, as a mail or a ticket gives them back: with other line ends, marks and blank lines
    try: text = pathlib.Path(path).read_bytes().decode().replace("\r\n", "\n").replace("\r", "\n")
    except (OSError, ValueError) as error: raise Usage(f"`{path}` cannot be read: {error}")
    text = text[text.startswith("\ufeff"):].replace("\n\ufeff", "\n").strip(" \t\n\u00a0") + "\n"
    is_text = all(c >= " " or c == "\n" for c in text)
    need(is_text and notes(text) and "".join(notes(text)) == text, f"`{path}` does not hold signed heads alone", Usage)
    return notes(text)

def size_of(note):  # over how many records a note says that it is
    head = HEAD.fullmatch(NOTE.fullmatch(note)[1])
    return int(head[2]) if head else 0

def vkey(text):  # a key's name and number, and the key in DER; ValueError if it is none
    name, number, raw = text.split("+", 2)  # base64 may hold a `+`
    raw = base64.b64decode(raw, validate=True)
    is_key = len(raw) == 33 and raw[0] == 1 and number == H(f"{name}\n".encode() + raw)[:4].hex()
    need(is_key, f"`{text}` is not a key", ValueError)
    return (name, number), PREFIX + raw[1:]

def need_keys(texts):
    try: all(vkey(text) for text in texts)
    except ValueError: raise Usage("what was given with `--key` is not a key: NAME+NUMBER+BASE64")

def understood(seq, body):  # a record in the one form that it may have, and the key that it introduces
    try:
        entry = json.loads(body, parse_constant=int)  # which `NaN` is not
        form = json.dumps(entry, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
        texts = [entry["kind"], entry.get("run", "")] + ([] if seq else [entry["log_id"], entry["schema_sha256"]])
        need(form == body and all(isinstance(text, str) for text in texts), "it has another form", ValueError)
        return entry, vkey(entry["vkey"]) if entry["kind"] == "key_introduced" else None
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise Altered(f"record {seq} is not as it was written")

def look(db, folder, copied, outside, trusted):  # what a proof lacks
    need(db.execute("PRAGMA integrity_check").fetchall() == [("ok",)], "the file is damaged")
    heads = [*db.execute("SELECT size, CAST(note AS BLOB) FROM checkpoint")]
    heads = [(size, note.decode(errors="replace")) for size, note in heads]
    need(all(NOTE.fullmatch(note) and note[0] != "\n" for _, note in heads), "a head is not a signed text")
    in_log, heads = {size for size, _ in heads}, heads + [(None, note) for note in [*copied, *outside]]
    sizes, roots, peaks, keys, ends, log, last, count = {size_of(n) for _, n in heads}, {}, [], {}, {}, {}, 0, 0
    bodies = db.execute("SELECT seq, CAST(salt AS BLOB), CAST(bytes AS BLOB) FROM payload ORDER BY seq")
    beside = bodies.fetchone()
    for count, (seq, body) in enumerate(db.execute("SELECT seq, body FROM record ORDER BY seq"), 1):
        need(seq + 1 == count and isinstance(body, bytes), f"record {count - 1} is missing, or not as it was written")
        (entry, key), own = understood(seq, body), None
        if beside and beside[0] == seq: own, beside = beside, bodies.fetchone()
        is_own = entry.get("body") == (own and {"digest": H(own[1] + own[2]).hex(), "length": len(own[2])})
        need(is_own, f"the body of record {seq} differs")
        kind, run = entry["kind"], entry.get("run")
        may_be = ends.get(run) is None or kind in AFTER_THE_END
        need(may_be and (kind == "log_opened") == (seq == 0), f"record {seq} is not legal after those before it")
        log = log or entry
        if key:
            need(not trusted or entry["vkey"] in trusted, f"record {seq} introduces another key")
            keys.setdefault(key[0], (key[1], seq))
        if run and kind != "report_written": last, ends[run] = run, seq if kind == "run_sealed" else ends.get(run)
        peaks.append(H(b"\0" + body))  # the right edge of the tree (RFC 6962)
        while seq & 1: peaks[-2:], seq = [H(b"\1" + peaks[-2] + peaks[-1])], seq >> 1
        if count in sizes: roots[count] = functools.reduce(lambda right, left: H(b"\1" + left + right), peaks[::-1])
    need(not beside, "a body belongs to no record")
    need(not log or db.execute("PRAGMA user_version").fetchone()[0] == log.get("format", 1), "its format was changed")
    is_newer = need_schema(db, log["schema_sha256"] if log else None)
    for size, note in heads: need_head(folder, size, note, keys, roots, log)
    is_inside = all(size_of(note) <= (ends.get(last) or 0) for note in outside)
    return ["a sealed run at its end"] * (ends.get(last) is None) + ["a head over all records"] * (
        count not in in_log) + ["a head from elsewhere over its end"] * is_inside + [
        "a newer version of this script, for its indexes"] * is_newer

def need_schema(db, recorded):  # whether it is of a version that is not known here
    text = lambda part: part if isinstance(part, str) else "" if part is None else "not a text"
    rows = [[text(part) for part in row] for row in db.execute(SCHEMA)]
    digest = lambda rows: H("".join("|".join(row) + "\n" for row in rows).encode()).hex()
    found, whole = digest(row for row in rows if row[0] != "index"), digest(rows)
    need(recorded in (None, found), "a table, a trigger or a view was changed")
    is_newer = recorded not in (None, *RELEASED)
    need(is_newer or RELEASED.get(found) == whole, "an index was changed, added or removed")
    return is_newer

def need_head(folder, size, note, keys, roots, log):  # a head that is signed with a key of the log, over its records
    text, lines = NOTE.fullmatch(note).groups()
    head, signed, since = HEAD.fullmatch(text), [SIGNED.fullmatch(line) for line in lines.split("\n")[:-1]], []
    is_text = all(c >= " " or c == "\n" for c in note)
    need(is_text and head and all(signed) and len(signed) <= 100, "a head is not a signed head")
    for name, mark in (line.groups() for line in signed):
        try: raw = base64.b64decode(mark, validate=True)
        except ValueError: raw = b""
        key, seq = keys.get((name, raw[:4].hex()), (None, 0))
        fine = not key or is_good(folder, key, raw[4:], text.encode())
        need(fine and len(raw) >= 5 and base64.b64encode(raw).decode() == mark, f"a signature of {name} is not good")
        since += [seq] * bool(key)
    covers, root = int(head[2]), base64.b64decode(head[3])
    is_so = log and (head[1], root) == ("offboard/" + log["log_id"], roots.get(covers))
    is_so = is_so and base64.b64encode(root).decode() == head[3] and size in (None, covers)
    need(is_so and since and min(since) < covers, f"the head over {covers} disagrees")

def verify(path, files=(), trusted=()):  # the exit code, and why
    try:
        outside = [note for file in files for note in ticket(file)]
        need_keys(trusted)
        with tempfile.TemporaryDirectory() as folder:
            need_tools(folder)
            db, copied = opened(path, folder)
            lacks = look(db, folder, copied, outside, trusted)
    except Usage as error: return 2, f"usage: {error}"
    except (NoLog, OSError, MemoryError) as error: return 6, f"no audit log, or it cannot be read: {error}"
    except Altered as error: return 7, f"ALTERED OR CUT: {error}"
    except UNUSABLE as error:  # what was not read was not proved to be altered
        return (6, f"it cannot be read: {error}") if str(error) in NOT_READ else (7, f"ALTERED OR CUT: {error}")
    return (8, "nothing disagrees, but it takes " + " and ".join(lacks)) if lacks else (0, "complete and unaltered")

def opened(path, folder):  # SQLite may write beside what it opens, so it opens a copy
    beside = pathlib.Path(path + ".checkpoints")
    copied = beside.read_bytes().decode(errors="replace") if beside.exists() else ""  # first: it never has more
    for end in ("", *filter(lambda end: os.path.exists(path + end), ("-wal", "-journal"))):
        shutil.copyfile(path + end, folder + "/log" + end)
    try:
        db = sqlite3.connect(folder + "/log")
        db.text_factory = lambda text: text.decode(errors="replace")
        version = [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    except UNUSABLE as error: raise NoLog(error)
    need(version[0] == 0x6F666662 and version[1] > 0, "it is something else, or of no version", NoLog)
    return db, notes(copied)

if __name__ == "__main__":
    a, keys = sys.argv[1:], ["--key"] + [key for flag, key in zip(sys.argv, sys.argv[1:]) if flag == "--key"]
    code, text = verify(os.path.realpath(a[0]), [w for w in a[1:] if w not in keys], keys[1:]) if a else (2, __doc__)
    sys.exit(print(text) or code)
