#!/usr/bin/env python3
"""Verifies an audit log with Python (3.8 or newer) and `openssl` alone:

    verify.py AUDIT.DB [--run RUN] [--key VKEY]... [CHECKPOINT.TXT]...

CHECKPOINT.TXT holds signed heads of the log that were kept elsewhere; VKEY is a key that may have signed.
RUN is a run's ID, the beginning of one, or `latest`: then the whole log is looked at all the same, and what
is proved is this run alone, whatever was added to the log after it.

Exit 0: complete and unaltered. 7: altered or cut. 8: nothing disagrees, but the end is not proved, or a
newer program wrote what is not known here. 6: no audit log, or it cannot be read. 2: usage, a run that is
not in the log, or a file or a tool that cannot be used.

The sections named below are those of docs/log-format.md, which says what an audit log is; each step of its
section 11 is a part of this script. It shows that the records are those that were signed. Two things are
left to `offboard verify`. First, whether each record of a run follows from those before it: of section 9,
only rule 9.1.1 and rule 9.2.2 are looked at. Second, what a field holds: of a record, only its kind, the
names of its fields and its rules are looked at. A word, or a field inside of a field, that only a newer
program knows (section 10) is not noticed, and does no harm.
"""
import base64
import functools
import hashlib
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

# Section 1.1: the bytes `offb`.
APPLICATION_ID = 0x6F666662

# Section 1.4: of each released format, the digest that the first record has, and that of all definitions.
LAYOUTS = {
    1: ("027f1bd0e3d7cb127a6d6d8585b1d196284934dd4238bea38ac909766c25087f",
        "070e22eaf81842c9c99a2526622bdf457c7a27f786cc0b00a43ffe1faf7b8dcc"),
    2: ("51347024667364147d055d1a8f3671e24bdfd7e04a60f29c82ebe6ef884837e0",
        "51347024667364147d055d1a8f3671e24bdfd7e04a60f29c82ebe6ef884837e0"),
    3: ("593486eda49ebc93618388c3d9a25a33366fd852f3a1de18ee258f872aade514",
        "593486eda49ebc93618388c3d9a25a33366fd852f3a1de18ee258f872aade514"),
}

# Section 1.2: what is read of a log.
TABLES = {"record": ("seq", "body"), "payload": ("seq", "salt", "bytes"), "checkpoint": ("size", "note")}

# Section 2.1: how deep a record may be, and the first whole number that is too large for one.
DEEPEST, TOO_LARGE = 127, 2**53

# Section 2.2: what every record has; `?` marks what may be left out.
ENVELOPE = "at kind run?"

# Section 4: the fields of each kind.
# fields: begin
FIELDS = {
    "log_opened": "log_id version sqlite schema_sha256 format?",
    "key_introduced": "vkey",
    "run_opened": "version rules? procedure mode changes applies? takes_back? api_url operator host input "
    "ticket? reason? policy settings",
    "customers_protected": "customers",
    "row_read": "row customer? name? domain? cells",
    "token_named": "source tenant? app? user? audience? expires?",
    "partner_identified": "tenant_id name basis",
    "request_intended": "row? customer? about? purpose attempt method url request_id correlation_id "
    "headers body?",
    "response_received": "intent row? status answer code? text? duration_ms headers request_id? "
    "correlation_id? body?",
    "request_not_sent": "intent row? error duration_ms",
    "outcome_unknown": "intent row? error duration_ms",
    "judged": "row verdict name? domain? relationship? reseller? findings? allowed? first? left_out? "
    "act_by? listed_as? seats? active_until? admin_left? transferred? transfers_not_read? note? facts_at "
    "basis? exchange?",
    "plan_sealed": "digest ready counted customers_of_partner?",
    "approved": "approver digest note",
    "confirmed": "by how digest",
    "observed": "row about? seen instead? detail basis?",
    "held": "until rate basis why",
    "stopped": "cause text",
    "resumed": "rate concurrency settle_seconds stop_after_failures canary? max_removals max_share limit? "
    "approval_above? allow? only_reseller? protected? partner? sandbox? sandboxes? suspend_legacy? "
    "allowed? revoke_consent? order_timeout_seconds?",
    "fell": "row customer? name? outcome evidence? reasons? explanation? removable_from? act_by? exchange? "
    "attempts started_at",
    "undo_decided": "by how rows reactivate",
    "settled": "row customer? name? outcome evidence? reasons? explanation? removable_from? act_by? "
    "exchange? attempts started_at",
    "run_sealed": "counts open_intents? exit_code",
    "resolved": "row customer outcome by host because advice",
    "corroborated": "row customer activity is_our_request basis",
    "reconciled": "by host from to lag_hours complete listed corroborated missing? not_yet? unknown? "
    "unclaimed?",
    "report_written": "file sha256",
    "log_verified": "by host version exit_code records compared_with?",
    "log_exported": "by host version of_run records bytes sha256 format?",
    "customer_refreshed": "partner partner_name customer seen_at relationship? go_on? not_read? basis",
    "programme_refreshed": "by host version partner listed looked_for absent asked_by_id asked not_read",
}
# fields: end

# Section 3: the kinds that may follow the end of their run.
AFTER_THE_SEAL = ("resolved", "corroborated", "reconciled", "report_written")

# Section 9: the latest rules for the records of a run.
LATEST_RULES = 2

# Section 8.2: a text, an empty line, and the lines of its signatures. Empty lines before it do not matter.
NOTE = re.compile("\n*((?:[^\n]+\n)+)\n((?:\u2014 [^\n]*\n)+)")
SIGNATURE = re.compile(r"\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)")

# Section 8.1: whose head it is, over how many records, and the root of their tree.
HEAD = re.compile("([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*")

# What makes the 32 bytes of an Ed25519 key a key in DER, as `openssl` reads it.
DER = bytes.fromhex("302a300506032b6570032100")

# What SQLite says when a file could not be read. It may be whole then.
NOT_READ = ("disk I/O error", "unable to open database file", "database or disk is full", "out of memory")


class CannotUse(Exception):
    """2: a file that was brought along, or a tool, cannot be used."""


class NoLog(Exception):
    """6: it is no audit log, or it cannot be read."""


class Altered(Exception):
    """7: it was proved that something disagrees."""


class Log:
    """What the records of a log add up to."""

    def __init__(self, kept):
        self.kept = kept  # how many records the largest head from elsewhere covers
        self.count = 0  # how many records there are
        self.first = None  # the first record
        self.keys = {}  # by name and number: a key in DER, and the place of the record that introduces it
        self.seals = {}  # by run: the place of the record that seals it; none: it is not sealed
        self.began = {}  # by run: when its first record was recorded
        self.plan_of = {}  # by run: the run whose plan it carries out
        self.later = {}  # by run: how many of its records are not covered by any head from elsewhere
        self.last_run = None  # the run that the latest record belongs to
        self.newer = 0  # how many records a newer program wrote
        self.not_judged = set()  # their runs
        self.roots = {}  # by number of records: the root of their tree


def need(holds, text, error=Altered):
    if not holds:
        raise error(text)


def sha256(data):
    return hashlib.sha256(data).digest()


# Section 11.1: the tools.


def check_tools(folder):
    """A tool that is too old would call every signature bad. The second example of RFC 8032 shows it."""
    key = DER + bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    can_verify = (
        shutil.which("openssl")
        and is_signed(folder, key, signature, b"r")
        and not is_signed(folder, key, signature, b"s")
    )
    text = "`openssl` is missing, or cannot verify Ed25519 signatures of a text: OpenSSL 3.0 can"
    need(can_verify, text, CannotUse)
    can_open = sqlite3.sqlite_version_info >= (3, 37) and json_works()
    text = f"SQLite {sqlite3.sqlite_version} cannot open an audit log: 3.37 with JSON can"
    need(can_open, text, CannotUse)


def json_works():
    """A log of format 1 has columns that SQLite makes of JSON."""
    try:
        found = sqlite3.connect(":memory:").execute("SELECT json_extract('[1]', '$[0]')").fetchone()
        return found == (1,)
    except sqlite3.Error:
        return False


@functools.lru_cache(maxsize=None)
def is_signed(folder, key, signature, text):
    """Whether this is the Ed25519 signature of the text. A head and its copy are looked at once."""
    for name, data in (("key", key), ("signature", signature), ("text", text)):
        pathlib.Path(folder, name).write_bytes(data)
    command = "openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey key -sigfile signature -in text"
    try:
        return subprocess.run(command.split(), cwd=folder, capture_output=True).returncode == 0
    except OSError as error:
        raise CannotUse(f"`openssl` cannot be started: {error}")


# Section 11.2: what was brought along.


def read_ticket(path):
    """The heads in a file. A mail or an editor may have changed what stands around them (section 8.6)."""
    try:
        text = pathlib.Path(path).read_bytes().decode()
    except (OSError, ValueError) as error:
        raise CannotUse(f"`{path}` cannot be read: {error}")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.startswith("\ufeff"):
        text = text[1:]
    text = text.replace("\n\ufeff", "\n").strip(" \t\n\u00a0") + "\n"
    heads = notes_in(text)
    is_all = is_printable(text) and heads and "".join(heads) == text
    need(is_all, f"`{path}` does not hold signed heads alone", CannotUse)
    return heads


def notes_in(text):
    """The signed notes that stand one after another, from the start of the text."""
    notes = []
    note = NOTE.match(text)
    while note:
        notes.append(note[0])
        note = NOTE.match(text, note.end())
    return notes


def is_printable(text):
    return all(character >= " " or character == "\n" for character in text)


def read_key(text):
    """The name and the number of a key, and the key in DER (section 8.3). ValueError if it is none."""
    name, number, raw = text.split("+", 2)  # base64 may hold a `+`
    raw = base64.b64decode(raw, validate=True)
    is_ed25519 = len(raw) == 33 and raw[0] == 1
    is_its_number = number == sha256(f"{name}\n".encode() + raw)[:4].hex()
    need(is_ed25519 and is_its_number, f"`{text}` is not a key", ValueError)
    return (name, number), DER + raw[1:]


def check_given_keys(keys):
    for key in keys:
        try:
            read_key(key)
        except ValueError:
            raise CannotUse("what was given with `--key` is not a key: NAME+NUMBER+BASE64")


# Section 11.3: a copy.


def take_copy(path, folder):
    """SQLite may write beside what it opens, so it opens a copy. Gives the heads beside the log. They are
    read first: the log has all that they have, whoever writes meanwhile."""
    beside = pathlib.Path(path + ".checkpoints")
    heads = beside.read_bytes().decode(errors="replace") if beside.exists() else ""
    shutil.copyfile(path, folder + "/log")
    for suffix in ("-wal", "-journal"):
        if os.path.exists(path + suffix):
            shutil.copyfile(path + suffix, folder + "/log" + suffix)
    return notes_in(heads)


# Section 11.4: what it says of itself.


def open_log(folder):
    try:
        db = sqlite3.connect(folder + "/log")
        db.text_factory = lambda text: text.decode(errors="replace")
        application_id = db.execute("PRAGMA application_id").fetchone()[0]
        format_number = db.execute("PRAGMA user_version").fetchone()[0]
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise NoLog(error)
    need(application_id == APPLICATION_ID, "it is something else", NoLog)
    need(format_number > 0, f"it says that it has format {format_number}, which there is not", NoLog)
    return db, format_number


# Section 11.5: pages.


def check_pages(db):
    need(db.execute("PRAGMA integrity_check").fetchall() == [("ok",)], "the file is damaged")


# Section 11.6: the layout.


def check_layout(db, format_number, first):
    """Tables, triggers, views and indexes are as they were made. Gives whether a newer program made them."""
    query = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
    definitions = [[as_text(part) for part in row] for row in db.execute(query)]
    recorded = digest_of(row for row in definitions if row[0] != "index")
    if first is not None:
        need(first["schema_sha256"] == recorded, "a table, a trigger or a view was changed")
        text = f"it was made in another format than {format_number}, which the file names"
        need(first.get("format", 1) == format_number, text)
    if LAYOUTS.get(format_number) == (recorded, digest_of(definitions)):
        return False
    is_of_another = recorded in [known for known, _ in LAYOUTS.values()]
    is_newer = first is not None and not is_of_another and all(is_plain(db, table) for table in TABLES)
    need(is_newer, "a table, a trigger, a view or an index was changed, added or removed")
    return True


def as_text(part):
    if part is None:
        return ""  # an index that belongs to a constraint has no SQL
    return part if isinstance(part, str) else "not a text"


def digest_of(definitions):
    return sha256("".join("|".join(row) + "\n" for row in definitions).encode()).hex()


def is_plain(db, table):
    """Whether it is a table with the columns that are read, and none of them shows what is not stored."""
    kinds = [row[2] for row in db.execute(f"PRAGMA table_list({table})") if row[0] == "main"]
    hidden = {row[1]: row[6] for row in db.execute(f"PRAGMA table_xinfo({table})")}
    return kinds == ["table"] and all(hidden.get(column) == 0 for column in TABLES[table])


# Section 11.7: records.


def read_record(place, body):
    """A record, which has one form only (section 2)."""
    text = f"record {place} is not as it was written"
    need(isinstance(body, bytes), text)
    try:
        written = body.decode()
        numbers = {"parse_int": whole_number, "parse_float": refuse, "parse_constant": refuse}
        record = json.loads(written, object_pairs_hook=in_order, **numbers)
        again = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        need(isinstance(record, dict) and again == written and depth(record) <= DEEPEST, text)
    except (ValueError, RecursionError):
        raise Altered(text)
    need(isinstance(record.get("kind"), str) and isinstance(record.get("at"), str), text)
    need(record.get("run") is None or isinstance(record["run"], str), text)
    return record


def in_order(fields):
    """An object, whose names stand in the order of their UTF-16 units, each once."""
    names = [name.encode("utf-16-be") for name, _ in fields]
    need(names == sorted(set(names)), "fields are not in order", ValueError)
    return dict(fields)


def whole_number(digits):
    number = int(digits)
    need(abs(number) < TOO_LARGE, "a number is too large", ValueError)
    return number


def refuse(number):
    raise ValueError(f"{number} is not a whole number")


def depth(value):
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return 0
    return 1 + max(map(depth, value), default=0)


def names_of(fields):
    """The names in a table of fields, and those of them that may not be left out."""
    names = fields.split()
    return {name.rstrip("?") for name in names}, {name for name in names if not name.endswith("?")}


NAMES = {kind: names_of(f"{ENVELOPE} {fields}") for kind, fields in FIELDS.items()}


def is_of_newer_program(place, record):
    """Whether the record says what is not known here (section 10)."""
    kind = record["kind"]
    if kind not in FIELDS:
        return True
    known, required = NAMES[kind]
    need(required <= set(record), f"record {place} lacks what each record of its kind has")
    if kind == "run_opened":
        rules = record.get("rules", 1)
        need(isinstance(rules, int), f"record {place} names no rules")
        if rules > LATEST_RULES:
            return True
    return not set(record) <= known


# Section 11.8: bodies.


def check_body(place, record, is_newer, stored):
    """`stored` is the salt and the bytes that lie beside the record, if any do (section 6)."""
    named = record.get("body")
    if names_a_body(named):
        need(stored is not None, f"the body of record {place} is missing")
        salt, data = [part or b"" for part in stored]
        is_it = named["digest"] == sha256(salt + data).hex() and named["length"] == len(data)
        need(is_it, f"the body of record {place} is not the one that was recorded")
    else:
        # A newer program may name a body in another way.
        is_fine = is_newer or (named is None and stored is None)
        need(is_fine, f"a body lies beside record {place} that it does not name")


def names_a_body(value):
    if not isinstance(value, dict) or not isinstance(value.get("length"), int):
        return False
    digest = value.get("digest")
    return isinstance(digest, str) and re.fullmatch("[0-9a-f]{64}", digest) is not None


# Section 11.9: what follows what.


def follow(log, place, record, is_newer):
    kind, run = record["kind"], record.get("run")
    need((kind == "log_opened") == (place == 0), f"record {place}: a log is opened by its first record alone")
    if is_newer:
        log.newer += 1
    if run is None:
        return
    log.began.setdefault(run, record["at"])
    if place >= log.kept:
        log.later[run] = log.later.get(run, 0) + 1
    if is_newer:
        log.not_judged.add(run)
    applies = record.get("applies")
    if kind == "run_opened" and isinstance(applies, dict) and isinstance(applies.get("run"), str):
        log.plan_of[run] = applies["run"]
    is_over = log.seals.get(run) is not None
    may_be = not is_over or kind in AFTER_THE_SEAL or run in log.not_judged
    need(may_be, f"record {place}: run {run} was sealed before")
    if kind == "run_sealed":
        log.seals[run] = place
    if kind != "report_written":
        log.last_run = run


# Section 11.10: the tree.


def add_leaf(peaks, place, body):
    """`peaks` are the roots of the perfect trees that the tree consists of, the largest first (section 7)."""
    peaks.append(sha256(b"\x00" + body))
    while place % 2 == 1:  # each one at the end of the number is a tree that is joined with the one before it
        right, left = peaks.pop(), peaks.pop()
        peaks.append(sha256(b"\x01" + left + right))
        place //= 2


def root_of(peaks):
    root = peaks[-1]
    for left in reversed(peaks[:-1]):
        root = sha256(b"\x01" + left + root)
    return root


def read_all(db, sizes, kept, trusted):
    """The sections 11.7 to 11.10 for each record. `sizes` are those at which a head says what the root is;
    `kept` is the largest of the heads from elsewhere."""
    log, peaks = Log(kept), []
    bodies = db.execute("SELECT seq, CAST(salt AS BLOB), CAST(bytes AS BLOB) FROM payload ORDER BY seq")
    beside = bodies.fetchone()
    for place, body in db.execute("SELECT seq, body FROM record ORDER BY seq"):
        need(place == log.count, f"record {log.count} is missing")
        record = read_record(place, body)
        is_newer = is_of_newer_program(place, record)
        stored = None
        if beside and beside[0] == place:
            stored, beside = beside[1:], bodies.fetchone()
        check_body(place, record, is_newer, stored)
        follow(log, place, record, is_newer)
        if place == 0:
            log.first = record
        if record["kind"] == "key_introduced":
            introduce(log, place, record["vkey"], is_newer, trusted)
        add_leaf(peaks, place, body)
        log.count += 1
        if log.count in sizes:
            log.roots[log.count] = root_of(peaks)
    need(beside is None, "a body belongs to no record")
    return log


def introduce(log, place, text, is_newer, trusted):
    """From here on, heads may be signed with this key (section 8.4)."""
    try:
        name_and_number, key = read_key(text)
    except (ValueError, AttributeError):
        need(is_newer, f"record {place} introduces what is not a key")
        return
    need(not trusted or text in trusted, f"record {place} introduces another key than those that were given")
    log.keys.setdefault(name_and_number, (key, place))


# Section 11.11: heads.


def heads_in_log(db):
    heads = []
    for size, note in db.execute("SELECT size, CAST(note AS BLOB) FROM checkpoint"):
        note = (note or b"").decode(errors="replace")
        need(NOTE.fullmatch(note) and not note.startswith("\n"), "a head is not a signed text")
        heads.append((size, note))
    return heads


def size_of(note):
    """Over how many records a note says that it is."""
    head = HEAD.fullmatch(NOTE.fullmatch(note)[1])
    return int(head[2]) if head else 0


def check_head(folder, log, size, note):
    """A head is signed with a key of the log, and says what the records say. `size` is what the table has."""
    text, lines = NOTE.fullmatch(note).groups()
    head = HEAD.fullmatch(text)
    signatures = [SIGNATURE.fullmatch(line) for line in lines.split("\n")[:-1]]
    is_head = is_printable(note) and head and all(signatures) and len(signatures) <= 100
    need(is_head, "a head is not a signed head")
    introduced = []
    for signature in signatures:
        name, mark = signature.groups()
        raw = from_base64(mark)
        need(raw is not None and len(raw) >= 5, f"a signature of {name} is not good")
        key, place = log.keys.get((name, raw[:4].hex()), (None, None))
        if key is not None:  # what others have signed beside it does not matter
            need(is_signed(folder, key, raw[4:], text.encode()), f"a signature of {name} is not good")
            introduced.append(place)
    covers, root = int(head[2]), from_base64(head[3])
    need(introduced and min(introduced) < covers, f"the head over {covers} is signed with no key of the log")
    origin = log.first and f"offboard/{log.first['log_id']}"
    need(head[1] == origin, f"the head over {covers} is of another log")
    is_so = size in (None, covers) and root is not None and log.roots.get(covers) == root
    need(is_so, f"the head over {covers} is not over these records")


def from_base64(text):
    """The bytes; None if there is another text for them, or if it is none."""
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return raw if base64.b64encode(raw).decode() == text else None


# Section 11.12: the end.


def what_is_missing(log, in_log, is_newer_layout):
    """What it would take to prove the log up to its end."""
    seal = log.seals.get(log.last_run)
    missing = []
    if seal is None:
        missing.append("a sealed run at its end")
    if log.count not in [size for size, _ in in_log]:
        missing.append("a head over all records")
    if log.kept <= (seal or 0):
        missing.append("a head from elsewhere over its end")
    if is_newer_layout:
        missing.append("a newer version of this script, for its format")
    if log.newer > 0:
        missing.append(f"a newer version of this script, for {log.newer} of its records")
    return missing


# Section 11.13: one run.


def find_run(log, name):
    """The run that is meant: its ID, the beginning of its ID, or `latest`."""
    runs = sorted(log.began, key=lambda run: (log.began[run], run))
    found = runs[-1:] if name == "latest" else [run for run in runs if run.startswith(name)]
    need(found, f"there is no run `{name}` in it", CannotUse)
    need(len(found) == 1, f"the IDs of {len(found)} runs begin with `{name}`", CannotUse)
    return found[0]


def what_is_missing_of_run(log, run, is_newer_layout):
    """What it would take to prove this run up to its seal, whatever follows."""
    seal = log.seals.get(run)
    missing = []
    if seal is None:
        missing.append(f"that run {run} comes to its end: it is not sealed")
    elif log.kept <= seal:
        missing.append(f"a head from elsewhere that covers the end of run {run}, record {seal}")
    if is_newer_layout:
        missing.append("a newer version of this script, for its format")
    if run in log.not_judged or log.plan_of.get(run) in log.not_judged:
        missing.append(f"a newer version of this script, for records of run {run} or of its plan")
    return missing


def proved_run(log, run):
    """What is proved, and what is not."""
    later, own = log.count - log.kept, log.later.get(run, 0)
    covered = f"run {run} is proved by the head over {log.kept:,} records, up to its seal"
    return f"{covered}; later records, which it does not cover: {later:,}, of this run: {own:,}"


# Section 11.14: the verdict.


def look(folder, path, outside, trusted, run):
    """What is missing to prove the log, or the run, and what is proved if nothing is."""
    copied = take_copy(path, folder)
    db, format_number = open_log(folder)
    check_pages(db)
    in_log = heads_in_log(db)
    heads = in_log + [(None, note) for note in copied + outside]
    kept = max([size_of(note) for note in outside], default=0)
    log = read_all(db, {size_of(note) for _, note in heads}, kept, trusted)
    is_newer_layout = check_layout(db, format_number, log.first)
    for size, note in heads:
        check_head(folder, log, size, note)
    if run is None:
        return what_is_missing(log, in_log, is_newer_layout), "complete and unaltered"
    run = find_run(log, run)
    return what_is_missing_of_run(log, run, is_newer_layout), proved_run(log, run)


def verify(path, tickets=(), trusted=(), run=None):
    """The exit code, and why."""
    try:
        outside = [note for ticket in tickets for note in read_ticket(ticket)]
        check_given_keys(trusted)
        with tempfile.TemporaryDirectory() as folder:
            check_tools(folder)
            missing, proved = look(folder, path, outside, trusted, run)
    except CannotUse as error:
        return 2, f"usage: {error}"
    except (NoLog, OSError, MemoryError) as error:
        return 6, f"no audit log, or it cannot be read: {error}"
    except Altered as error:
        return 7, f"ALTERED OR CUT: {error}"
    except (sqlite3.Error, UnicodeDecodeError) as error:  # what SQLite says of a damaged file may be no text
        if str(error) in NOT_READ:
            return 6, f"it cannot be read: {error}"
        return 7, f"ALTERED OR CUT: {error}"
    if missing:
        return 8, "nothing disagrees, but it takes " + " and ".join(missing)
    return 0, proved


def main(arguments):
    files, keys, run = [], [], None
    while arguments:
        word = arguments.pop(0)
        if word == "--key" and arguments:
            keys.append(arguments.pop(0))
        elif word == "--run" and arguments:
            run = arguments.pop(0)
        else:
            files.append(word)
    if not files or "--key" in files or "--run" in files:
        print(__doc__)
        return 2
    code, text = verify(os.path.realpath(files[0]), files[1:], keys, run)
    print(text)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
