//! A log as tables: what they say is what the log says, and they prove themselves without it.

use crate::support::{
    Done, Folder, PARTNER, World,
    evidence::{look, of_the_first_edition, other_key},
    id, list_of, strace, system,
};
use offboard::{
    audit::{Manifest, SignedManifest, SigningKey, Store},
    domain::{RunId, Sha256, TenantId, Time},
    export::table_texts,
    record::ColumnType,
};
use parquet::{
    basic::Type,
    file::{
        metadata::{ColumnChunkMetaDataBuilder, ParquetMetaDataWriter, RowGroupMetaData},
        reader::{FileReader, SerializedFileReader},
        statistics::Statistics,
    },
    record::Field,
};
use rusqlite::types::ValueRef;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    path::{Path, PathBuf},
};

const TABLES: [&str; 5] = ["customers", "effects", "records", "requests", "runs"];

/// A row of a table, each cell under the name of its column; what is empty is not in it.
type Line = BTreeMap<String, String>;

/// What the second program would read: the file by its own means alone.
fn table(path: &Path) -> Vec<Line> {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let line = |row: parquet::record::Row| {
        let cell = |(name, field): (&String, &Field)| {
            let text = match field {
                Field::Null => return None,
                Field::Str(text) => text.clone(),
                Field::Long(number) => number.to_string(),
                Field::TimestampMillis(at) => Time::from_millis(*at).to_string(),
                Field::Date(day) => Time::from_millis(i64::from(*day) * 86_400_000).day().to_string(),
                Field::Bytes(bytes) => format!("{} bytes", bytes.len()),
                other => panic!("{name}: {other}"),
            };
            Some((name.clone(), text))
        };
        row.get_column_iter().filter_map(cell).collect()
    };
    reader.get_row_iter(None).unwrap().map(|row| line(row.unwrap())).collect()
}

/// What a view of the log says, in the same form.
fn view(log: &Path, name: &str) -> Vec<Line> {
    let log = look(log).unwrap();
    let mut query = log.prepare(&format!("SELECT * FROM {name}")).unwrap();
    let columns: Vec<String> = query.column_names().map(str::to_owned).collect();
    let mut rows = query.query([]).unwrap();
    let mut lines = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let cell = |(n, name): (usize, &String)| {
            let text = match row.get_ref(n).unwrap() {
                ValueRef::Null => return None,
                ValueRef::Integer(number) => number.to_string(),
                value => String::from_utf8(value.as_bytes().unwrap().to_vec()).unwrap(),
            };
            Some((name.clone(), text))
        };
        lines.push(columns.iter().enumerate().filter_map(cell).collect());
    }
    lines
}

/// All files of one table in a folder, whichever run or log they are of.
fn files(folder: &Path, table: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in paths(folder) {
        if path.ends_with(format!("{table}.parquet")) && !path.components().any(is_hidden) {
            found.push(path);
        }
    }
    found
}

fn is_hidden(part: std::path::Component<'_>) -> bool {
    part.as_os_str().to_str().is_some_and(|name| name.starts_with(".offboard"))
}

fn paths(folder: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { paths.extend(self::paths(&path)) } else { paths.push(path) }
    }
    paths.sort();
    paths
}

fn all(folder: &Path, name: &str) -> Vec<Line> {
    files(folder, name).iter().flat_map(|path| table(path)).collect()
}

/// A log with these runs, one after another, each over customers of its own, of whom one has an active subscription.
fn with_runs(runs: u32) -> (Folder, World) {
    let customers: Vec<Value> = (0..runs * 3)
        .map(|n| match n % 3 {
            2 => json!({ "id": id(n).to_string(), "subscriptions": [{ "status": "active" }] }),
            _ => json!({ "id": id(n).to_string() }),
        })
        .collect();
    let (world, folder) = (World::of(&json!({ "customers": customers })), Folder::new());
    for n in 0..runs {
        run(&folder, &world, n, "audit.db");
    }
    (folder, world)
}

fn run(folder: &Folder, world: &World, n: u32, log: &str) {
    let list = list_of((n * 3..n * 3 + 3).map(id));
    folder.run(world, &list, &["--audit-log", log]).exits(3);
}

fn exported(folder: &Folder, dir: &str) -> Done {
    folder.offboard(&["log", "export", "--format", "parquet", dir, "--output", "json"]).exits(0)
}

#[track_caller]
fn verified(folder: &Folder, dir: &str, code: i32) -> Done {
    folder.offboard(&["verify", "--export", dir]).exits(code)
}

/// The key that signs the logs in this folder.
fn own_key(folder: &Folder) -> SigningKey {
    SigningKey::load(&folder.path("signing.key")).unwrap()
}

fn manifest(dir: &Path) -> (PathBuf, SignedManifest) {
    let is_one = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with("MANIFEST-");
    let found: Vec<PathBuf> = paths(dir).into_iter().filter(is_one).collect();
    let [path] = found.as_slice() else { panic!("{found:?}") };
    (path.clone(), SignedManifest::open(&fs::read_to_string(path).unwrap()).unwrap())
}

#[test]
fn a_log_becomes_tables_that_prove_themselves() {
    let (folder, _world) = with_runs(2);
    folder.write("ticket.txt", folder.report("checkpoint.txt"));
    let log = folder.path("audit.db");
    let before = ["runs", "customers", "requests"].map(|name| (name, view(&log, name)));
    let records = view(&log, "records");
    let done = exported(&folder, "out").json();
    assert_eq!((&done["added"], &done["kept"]), (&json!(true), &json!(0)));
    let out = folder.path("out");
    let runs: Vec<RunId> = folder.reader().runs().unwrap().into_iter().map(|run| run.run_id).collect();
    for run in &runs {
        let place = out.join(format!("partner={PARTNER}")).join(format!("run={run}"));
        let names: Vec<PathBuf> = paths(&place);
        assert_eq!(names, TABLES.map(|table| place.join(format!("{table}.parquet"))));
        assert!(cfg!(windows) || names.iter().all(|name| system::mode(name) == 0o600));
    }
    // Each line of each view is in the tables, and no other.
    for (name, mut lines) in before {
        let mut found = all(&out, name);
        let known: BTreeSet<&String> = lines.iter().flat_map(BTreeMap::keys).collect();
        for line in &mut found {
            line.retain(|column, _| known.contains(column));
        }
        for side in [&mut lines, &mut found] {
            side.sort();
        }
        assert_eq!(found.len(), lines.len(), "{name}");
        for (found, line) in found.iter().zip(&lines) {
            assert_eq!(found, line, "{name}");
        }
    }
    let mut bodies: Vec<(u64, String)> = all(&out, "records")
        .iter()
        .map(|line| (line["seq"].parse().unwrap(), line["body"].clone()))
        .collect();
    bodies.sort();
    let expected: Vec<(u64, String)> =
        records.iter().map(|line| (line["seq"].parse().unwrap(), line["body"].clone())).collect();
    assert_eq!(bodies, expected);
    let effects = all(&out, "effects");
    assert_eq!(effects.len(), 4);
    assert!(effects.iter().all(|line| line["stands"] == "done" && line["effect"] == "remove_relationship"));

    // With the log and without it, with a head from elsewhere, with the key.
    let proved = verified(&folder, "out", 0).out;
    assert!(proved.contains("Unaltered since it was exported, with 2 runs"), "{proved}");
    let vkey = own_key(&folder).public().as_str().to_owned();
    let both = [
        "verify",
        "--export",
        "out",
        "--audit-log",
        "audit.db",
        "--checkpoint",
        "ticket.txt",
        "--key",
        &vkey,
    ];
    let found = folder.offboard(&[&both[..], &["--output", "json"]].concat()).exits(0).json();
    let log = &found["logs"][0];
    assert_eq!((&log["is_compared_with_log"], &log["exported"]), (&json!(true), &log["records"]));
    assert_eq!(log["compared_with"].as_array().unwrap().len(), 1);
    fs::rename(folder.path("audit.db"), folder.path("away.db")).unwrap();
    verified(&folder, "out", 0);
    let other = other_key().public().as_str().to_owned();
    folder.offboard(&["verify", "--export", "out", "--key", &other]).exits(7);
}

#[test]
fn that_it_was_exported_is_on_record() {
    let (folder, _world) = with_runs(1);
    let done = exported(&folder, "out").json();
    let last = view(&folder.path("audit.db"), "records").pop().unwrap();
    let last: Value = serde_json::from_str(&last["body"]).unwrap();
    let text = fs::read(manifest(&folder.path("out")).0).unwrap();
    assert_eq!((&last["kind"], &last["format"]), (&json!("log_exported"), &json!("parquet")));
    assert_eq!((&last["sha256"], &last["records"]), (&done["sha256"], &done["records"]));
    assert_eq!(last["sha256"], Sha256::of(&[&text]).to_string());
    assert_eq!(last["bytes"], text.len());
    folder.offboard(&["verify"]).exits(8);
}

/// Whatever byte of whatever file is another, it is found.
#[test]
fn a_changed_byte_is_found() {
    let (folder, _world) = with_runs(1);
    exported(&folder, "out");
    verified(&folder, "out", 0);
    let files = paths(&folder.path("out"));
    assert_eq!(files.len(), 5 + 2 + 1);
    for file in files {
        let whole = fs::read(&file).unwrap();
        for at in [0, whole.len() / 3, whole.len() / 2, whole.len() - 1] {
            let mut other = whole.clone();
            other[at] ^= 1;
            fs::write(&file, &other).unwrap();
            verified(&folder, "out", 7);
        }
        fs::write(&file, &whole[..whole.len() - 1]).unwrap();
        verified(&folder, "out", 7);
        fs::remove_file(&file).unwrap();
        let is_manifest = file.parent() == Some(&folder.path("out"));
        verified(&folder, "out", if is_manifest { 2 } else { 7 });
        fs::write(&file, &whole).unwrap();
    }
    verified(&folder, "out", 0);
    // An engine that reads the folder would read this too.
    let stranger = folder.path("out").join(format!("partner={PARTNER}/run=20261120-091530-aaaaaa"));
    fs::create_dir_all(&stranger).unwrap();
    fs::copy(&self::files(&folder.path("out"), "customers")[0], stranger.join("customers.parquet")).unwrap();
    assert!(verified(&folder, "out", 7).out.contains("is in no manifest"));
}

/// Signs the export in this folder anew, as whoever has the key can.
fn sign_again(folder: &Folder, dir: &Path, change: impl Fn(&mut Manifest)) {
    let (path, SignedManifest { mut manifest, head, .. }) = manifest(dir);
    for file in &mut manifest.files {
        let bytes = fs::read(dir.join(&file.path)).unwrap();
        (file.bytes, file.sha256) = (bytes.len() as u64, Sha256::of(&[&bytes]));
    }
    change(&mut manifest);
    let store =
        Store::open(&folder.path("audit.db"), Time::from_millis(0), &[0; 16], &own_key(folder)).unwrap();
    fs::write(path, store.sign_manifest(&manifest, &head).unwrap()).unwrap();
}

/// A signature alone makes nothing true: what the tables say must follow from the records.
#[test]
fn tables_that_the_records_do_not_tell_are_found_though_they_are_signed() {
    let (folder, _world) = with_runs(2);
    exported(&folder, "out");
    let out = folder.path("out");
    sign_again(&folder, &out, |_| {});
    verified(&folder, "out", 0);
    for name in TABLES {
        let [one, other] = &files(&out, name)
            .into_iter()
            .filter(|path| path.to_str().unwrap().contains("run="))
            .collect::<Vec<_>>()[..]
        else {
            panic!("{name}")
        };
        let whole = fs::read(one).unwrap();
        fs::copy(other, one).unwrap();
        sign_again(&folder, &out, |_| {});
        let found = verified(&folder, "out", 7).out;
        let what = if name == "records" { "twice" } else { "what the records do not say" };
        assert!(found.contains(what), "{name}: {found}");
        fs::write(one, whole).unwrap();
    }
    // A file that is left out, a run that is, and a log that is another size.
    let without: [&dyn Fn(&mut Manifest); 3] = [
        &|manifest| manifest.files.retain(|file| !file.path.ends_with("effects.parquet")),
        &|manifest| drop(manifest.runs.pop()),
        &|manifest| manifest.runs[0].records -= 1,
    ];
    for change in without {
        sign_again(&folder, &out, change);
        verified(&folder, "out", 7);
        fs::remove_dir_all(&out).unwrap();
        exported(&folder, "out");
        verified(&folder, "out", 0);
    }
}

/// Signs it with a key that the log does not know.
fn sign_as_a_stranger(folder: &Folder, dir: &Path) {
    let (path, SignedManifest { mut manifest, head, .. }) = manifest(dir);
    let other = other_key();
    other.public().as_str().clone_into(&mut manifest.key);
    let store = Store::open(&folder.path("other.db"), Time::from_millis(0), &[0; 16], &other).unwrap();
    fs::write(path, store.sign_manifest(&manifest, &head).unwrap()).unwrap();
}

#[test]
fn whoever_signs_with_a_key_of_their_own_is_found() {
    let (folder, _world) = with_runs(1);
    exported(&folder, "out");
    sign_as_a_stranger(&folder, &folder.path("out"));
    assert!(verified(&folder, "out", 7).out.contains("no key of the log"));
    // Nor does the next export build upon it, and sign what somebody else has put there.
    let refused = folder.offboard(&["log", "export", "--format", "parquet", "out"]).exits(7).err;
    assert!(refused.contains("no key of this log"), "{refused}");
}

/// Writes a footer of our own making into a table: that of it, with something else said of each of its columns.
fn with_other_footer(
    path: &Path,
    change: impl Fn(Type, ColumnChunkMetaDataBuilder) -> ColumnChunkMetaDataBuilder,
) {
    let mut bytes = fs::read(path).unwrap();
    let metadata = SerializedFileReader::new(File::open(path).unwrap()).unwrap().metadata().clone();
    let group = |group: &RowGroupMetaData| {
        let columns = group.columns().iter().cloned();
        let columns = columns
            .map(|column| change(column.column_type(), column.into_builder()).build().unwrap())
            .collect();
        group.clone().into_builder().set_column_metadata(columns).build().unwrap()
    };
    let groups = metadata.row_groups().iter().map(group).collect();
    let metadata = metadata.into_builder().set_row_groups(groups).build();
    let length = u32::from_le_bytes(bytes[bytes.len() - 8..bytes.len() - 4].try_into().unwrap());
    bytes.truncate(bytes.len() - 8 - length as usize);
    ParquetMetaDataWriter::new(&mut bytes, &metadata).finish().unwrap();
    fs::write(path, bytes).unwrap();
}

/// A table over which the library that decodes it panics is one that cannot be read, and no fault of this program's.
#[test]
fn a_table_that_was_made_to_mislead_is_found() {
    let (folder, _world) = with_runs(1);
    exported(&folder, "out");
    let out = folder.path("out");
    for name in ["customers", "records"] {
        let path = &files(&out, name).pop().unwrap();
        let whole = fs::read(path).unwrap();
        with_other_footer(path, |_, column| column.set_total_compressed_size(-1));
        sign_again(&folder, &out, |_| {});
        let found = verified(&folder, "out", 7);
        assert!(found.out.contains(&format!("{name}.parquet` cannot be read as a table")), "{}", found.out);
        assert!(!found.err.contains("a fault of this program"), "{}", found.err);
        fs::write(path, whole).unwrap();
    }
    sign_again(&folder, &out, |_| {});
    verified(&folder, "out", 0);
}

/// What is said of a column, in place of what was.
type OtherFooter<'a> = &'a dyn Fn(Type, ColumnChunkMetaDataBuilder) -> ColumnChunkMetaDataBuilder;

/// An engine passes rows over by what a footer says of them, and no record would tell that it lies.
#[test]
fn a_footer_says_nothing_of_the_rows() {
    let (folder, _world) = with_runs(1);
    exported(&folder, "out");
    let out = folder.path("out");
    for path in TABLES.iter().flat_map(|name| files(&out, name)) {
        let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
        for column in reader.metadata().row_groups().iter().flat_map(RowGroupMetaData::columns) {
            assert!(column.statistics().is_none() && column.dictionary_page_offset().is_none());
            assert!(column.column_index_offset().is_none() && column.offset_index_offset().is_none());
        }
    }
    let elsewhere = |of, column: ColumnChunkMetaDataBuilder| match of {
        Type::INT64 => column.set_statistics(Statistics::int64(Some(7000), Some(7001), None, Some(0), false)),
        _ => column,
    };
    let filtered = |_, column: ColumnChunkMetaDataBuilder| column.set_bloom_filter_offset(Some(4));
    let indexed = |_, column: ColumnChunkMetaDataBuilder| {
        column.set_column_index_offset(Some(4)).set_column_index_length(Some(9))
    };
    let lies: [OtherFooter<'_>; 3] = [&elsewhere, &filtered, &indexed];
    for (lie, name) in lies.into_iter().flat_map(|lie| ["customers", "records"].map(|name| (lie, name))) {
        let path = &files(&out, name).pop().unwrap();
        let whole = fs::read(path).unwrap();
        with_other_footer(path, lie);
        sign_again(&folder, &out, |_| {});
        let found = verified(&folder, "out", 7).out;
        assert!(found.contains("could pass rows over"), "{found}");
        fs::write(path, whole).unwrap();
    }
    sign_again(&folder, &out, |_| {});
    verified(&folder, "out", 0);
}

/// Of what somebody else has signed no more is decoded than the records, in which their key is not.
#[test]
fn the_tables_of_a_stranger_are_not_decoded() {
    let (folder, _world) = with_runs(1);
    exported(&folder, "out");
    let out = folder.path("out");
    fs::write(files(&out, "customers").pop().unwrap(), "no table").unwrap();
    sign_again(&folder, &out, |_| {});
    assert!(verified(&folder, "out", 7).out.contains("cannot be read as a table"));
    sign_as_a_stranger(&folder, &out);
    let found = verified(&folder, "out", 7).out;
    assert!(found.contains("no key of the log") && !found.contains("cannot be read"), "{found}");
}

/// Puts a copy of an export into a folder, as one that was decided and is not in its place yet.
fn as_pending(from: &Path, to: &Path) -> PathBuf {
    let name =
        manifest(from).0.file_name().unwrap().to_str().unwrap().replace("MANIFEST-", ".offboard-pending-");
    let pending = to.join(name);
    for path in paths(from) {
        let at = pending.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::copy(path, at).unwrap();
    }
    pending
}

/// What lies there as a pending export replaces nothing, unless a key of the log has signed it and it is whole.
#[test]
fn nobody_else_decides_what_is_put_in_place() {
    let (folder, world) = with_runs(1);
    exported(&folder, "before");
    run(&folder, &world, 0, "audit.db");
    exported(&folder, "out");
    run(&folder, &world, 0, "audit.db");
    exported(&folder, "theirs");
    exported(&folder, "after");
    let out = folder.path("out");
    let genuine: Vec<_> = paths(&out).into_iter().map(|path| (fs::read(&path).unwrap(), path)).collect();
    let is_refused = |from: &str, is_said: &str| {
        let pending = as_pending(&folder.path(from), &out);
        verified(&folder, "out", 7);
        let told = folder.offboard(&["log", "export", "--format", "parquet", "out"]).exits(7).err;
        assert!(told.contains(is_said), "{told}");
        for (bytes, path) in &genuine {
            assert_eq!(fs::read(path).unwrap(), *bytes, "{}", path.display());
        }
        fs::remove_dir_all(pending).unwrap();
        verified(&folder, "out", 0);
    };
    sign_as_a_stranger(&folder, &folder.path("theirs"));
    is_refused("theirs", "no key of this log");
    is_refused("before", "is an older export");
    let whole = fs::read(files(&folder.path("after"), "customers").pop().unwrap()).unwrap();
    fs::write(files(&folder.path("after"), "customers").pop().unwrap(), "altered").unwrap();
    is_refused("after", "was altered");

    // One that is what it says is put in its place, and what is another log's waits for that log.
    fs::write(files(&folder.path("after"), "customers").pop().unwrap(), whole).unwrap();
    run(&folder, &world, 0, "second.db");
    folder.offboard(&["log", "export", "--format", "parquet", "second", "--audit-log", "second.db"]).exits(0);
    let (own, of_second) =
        (as_pending(&folder.path("after"), &out), as_pending(&folder.path("second"), &out));
    assert!(verified(&folder, "out", 8).out.contains("goes on with it"));
    exported(&folder, "out");
    assert!(!own.exists() && of_second.exists());
    folder.offboard(&["log", "export", "--format", "parquet", "out", "--audit-log", "second.db"]).exits(0);
    assert!(!of_second.exists());
    verified(&folder, "out", 0);
}

/// What leads elsewhere is not followed, and what waits for a writer is not opened.
#[test]
fn links_and_pipes_are_strangers() {
    let (folder, _world) = with_runs(1);
    exported(&folder, "out");
    let out = folder.path("out");
    if cfg!(windows) {
        return;
    }
    let is_refused = |at: &Path| {
        let at = at.strip_prefix(&out).unwrap();
        let named = format!("{}` is neither a plain file nor a folder of tables", at.display());
        let told = verified(&folder, "out", 7).out;
        assert!(told.contains(&named), "{told}");
        let told = folder.offboard(&["log", "export", "--format", "parquet", "out"]).exits(7).err;
        assert!(told.contains(&named), "{told}");
    };
    // Through each of these an engine reads what lies elsewhere.
    let table = &files(&out, "customers").pop().unwrap();
    let elsewhere = [
        (".", "itself"),
        ("nothing", "log=0a"),
        (table.to_str().unwrap(), "customers.PARQUET"),
        ("nothing", "MANIFEST-0a"),
    ];
    for (to, name) in elsewhere {
        let at = out.join(name);
        system::link(to, &at);
        is_refused(&at);
        fs::remove_file(at).unwrap();
    }
    // Somebody waits to write into each of these, so that whoever reads them is told something.
    for at in [&out.join("MANIFEST-0a"), table] {
        let whole = fs::read(at).ok();
        drop(fs::remove_file(at));
        let line = format!("mkfifo '{0}' && echo x > '{0}'", at.display());
        let mut writer = system::shell(&line).spawn().unwrap();
        while !at.exists() {
            std::thread::yield_now();
        }
        is_refused(at);
        writer.kill().unwrap();
        writer.wait().unwrap();
        fs::remove_file(at).unwrap();
        if let Some(whole) = whole {
            fs::write(at, whole).unwrap();
        }
    }
    // A link that nothing reads is nobody's business.
    system::link(table, &out.join("notes"));
    verified(&folder, "out", 0);
}

/// Many an engine reads what is hidden, and what is called otherwise than we call it.
#[test]
fn a_hidden_table_is_found() {
    let (folder, _world) = with_runs(1);
    exported(&folder, "out");
    let out = folder.path("out");
    let table = fs::read(files(&out, "customers").pop().unwrap()).unwrap();
    for name in [".customers.parquet", ".x/customers.parquet", "X.PARQUET", "x/.offboard-draft-x/x.parquet"] {
        let at: PathBuf = out.join(name).components().collect();
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::write(&at, &table).unwrap();
        let found = verified(&folder, "out", 7).out;
        let said = format!("{}` is in no manifest", at.strip_prefix(&out).unwrap().display());
        assert!(found.contains(&said), "{found}");
        fs::remove_file(at).unwrap();
    }
    verified(&folder, "out", 0);
}

/// A file that is called as a draft is none: nothing is said of it, and nothing done to it.
#[test]
fn a_file_that_is_called_as_a_draft_is_none() {
    let (folder, _world) = with_runs(1);
    exported(&folder, "out");
    let draft = folder.write("out/.offboard-draft-f", "mine");
    let found = verified(&folder, "out", 0).out;
    assert!(!found.contains("is left of an export"), "{found}");
    exported(&folder, "out");
    assert_eq!(fs::read_to_string(draft).unwrap(), "mine");
    folder.write("out/.offboard-pending-f", "mine");
    assert!(verified(&folder, "out", 7).out.contains("is no folder, so no export"));
}

/// A run that is over stays as it is; what is new comes to it; and what grew is written again.
#[test]
fn what_is_there_already_is_not_written_again() {
    let (folder, world) = with_runs(1);
    exported(&folder, "out");
    let first = folder.latest();
    let of_run = |run: &RunId| folder.path("out").join(format!("partner={PARTNER}/run={run}"));
    let bytes =
        |run: &RunId| TABLES.map(|name| fs::read(of_run(run).join(format!("{name}.parquet"))).unwrap());
    let before = bytes(&first);
    run(&folder, &world, 0, "audit.db");
    let done = exported(&folder, "out").json();
    assert_eq!((&done["kept"], done["runs"].as_array().unwrap().len()), (&json!(1), 2));
    assert_eq!(bytes(&first), before);
    verified(&folder, "out", 0);
    // What is recorded of a run after its end is in the next export.
    let reconcile = ["reconcile", first.as_str(), "--rate", "600000"];
    let compared = Done::of(&folder.against(&world, &reconcile).output().unwrap());
    assert!([0, 3].contains(&compared.code), "{}{}", compared.out, compared.err);
    let done = exported(&folder, "out").json();
    assert_eq!(done["kept"], 1);
    assert_ne!(bytes(&first)[2], before[2]);
    verified(&folder, "out", 0);
    assert_eq!(all(&folder.path("out"), "runs").len(), 2);
    // What another version wrote is written again.
    sign_again(&folder, &folder.path("out"), |manifest| manifest.version = "0.0.9".to_owned());
    assert_eq!(exported(&folder, "out").json()["kept"], 0);
    assert_eq!(exported(&folder, "out").json()["kept"], 2);
    // What is there must be what was exported.
    let file = of_run(&first).join("customers.parquet");
    let mut other = fs::read(&file).unwrap();
    other[20] ^= 1;
    fs::write(&file, other).unwrap();
    let refused = folder.offboard(&["log", "export", "--format", "parquet", "out"]).exits(7).err;
    assert!(refused.contains("was altered") && refused.contains("Nothing was added"), "{refused}");
}

#[test]
fn several_logs_make_one_data_set() {
    let (folder, world) = with_runs(1);
    run(&folder, &world, 0, "second.db");
    exported(&folder, "out");
    let export = ["log", "export", "--format", "parquet", "out", "--audit-log", "second.db"];
    folder.offboard(&export).exits(0);
    assert_eq!(all(&folder.path("out"), "runs").len(), 2);
    assert_eq!(all(&folder.path("out"), "customers").len(), 6);
    let found = folder.offboard(&["verify", "--export", "out", "--output", "json"]).exits(0).json();
    assert_eq!(found["logs"].as_array().unwrap().len(), 2);
    folder.offboard(&["verify", "--export", "out", "--audit-log", "second.db"]).exits(0);
    // However often a folder is given, and wherever it lies besides, there are as many runs.
    let twice = ["verify", "--export", "out", "--export", "./out"];
    let found = folder.offboard(&twice).exits(0).out;
    assert!(found.contains("with 2 runs") && found.matches("Log ").count() == 2, "{found}");
    folder.offboard(&["log", "export", "--format", "parquet", "another"]).exits(0);
    let found = folder.offboard(&["verify", "--export", "out", "--export", "another"]).exits(0).out;
    assert!(found.contains("with 2 runs"), "{found}");
    // A log of which nothing is in the folder proves nothing about it.
    run(&folder, &world, 0, "third.db");
    let found = folder.offboard(&["verify", "--export", "out", "--audit-log", "third.db"]).exits(8).out;
    assert!(found.contains("was not compared"), "{found}");
    let theirs = ["verify", "--export", "out", "--checkpoint", "third.db.checkpoints"];
    let found = folder.offboard(&theirs).exits(8).out;
    assert!(found.contains("are of other logs"), "{found}");
}

/// Whatever log says that it has a run, it is in a folder once.
#[test]
fn a_run_is_in_a_folder_once() {
    let (folder, _world) = with_runs(1);
    exported(&folder, "out");
    let (_, SignedManifest { manifest: own, head, .. }) = manifest(&folder.path("out"));
    let other = Manifest { log: "0a".repeat(16), ..own.clone() };
    let store =
        Store::open(&folder.path("audit.db"), Time::from_millis(0), &[0; 16], &own_key(&folder)).unwrap();
    let signed = store.sign_manifest(&other, &head.replace(&own.log, &other.log)).unwrap();
    store.close().unwrap();
    fs::create_dir(folder.path("theirs")).unwrap();
    folder.write(&format!("theirs/MANIFEST-{}", other.log), signed);
    let refused = folder.offboard(&["log", "export", "--format", "parquet", "theirs"]).exits(7).err;
    assert!(refused.contains("from another log"), "{refused}");
    assert_eq!(paths(&folder.path("theirs")).len(), 1);
}

/// Two copies of one log that went on differently: neither is added to the other, and both side by side are found.
#[test]
fn a_fork_is_found() {
    let (folder, world) = with_runs(1);
    fs::copy(folder.path("audit.db"), folder.path("older.db")).unwrap();
    fs::copy(folder.path("audit.db"), folder.path("fork.db")).unwrap();
    run(&folder, &world, 0, "audit.db");
    run(&folder, &world, 0, "fork.db");
    exported(&folder, "out");
    let before: Vec<_> =
        paths(&folder.path("out")).into_iter().map(|path| (fs::read(&path).unwrap(), path)).collect();
    let size = |log: &str| view(&folder.path(log), "records").len();
    let (older, fork) = (size("older.db"), size("fork.db"));

    // A copy of what was there before has nothing to add.
    let export = |log: &str, dir: &str| {
        folder.offboard(&["log", "export", "--format", "parquet", dir, "--audit-log", log])
    };
    let told = export("older.db", "out").exits(0).out;
    assert!(told.contains("nothing was added"), "{told}");
    let refused = export("fork.db", "out").exits(7).err;
    assert!(refused.contains("went on differently"), "{refused}");
    assert_eq!((size("older.db"), size("fork.db")), (older, fork), "nothing was recorded");
    for (bytes, path) in &before {
        assert_eq!(fs::read(path).unwrap(), *bytes);
    }
    verified(&folder, "out", 0);

    export("fork.db", "theirs").exits(0);
    verified(&folder, "theirs", 0);
    let found = folder.offboard(&["verify", "--export", "out", "--export", "theirs"]).exits(7).out;
    assert!(found.contains("went on differently"), "{found}");
    // The copy that is at hand is longer, or shorter: the same is said of it.
    let fork_is_found = |dir: &str| {
        let found = folder.offboard(&["verify", "--export", dir, "--audit-log", "fork.db"]).exits(7).out;
        assert!(found.contains("of `fork.db` are not those that were exported"), "{found}");
        assert!(found.contains("went on differently") && !found.contains("missing"), "{found}");
    };
    fork_is_found("out");
    run(&folder, &world, 0, "audit.db");
    export("audit.db", "longer").exits(0);
    fork_is_found("longer");
    export("older.db", "before").exits(0);
    folder.offboard(&["verify", "--export", "before", "--export", "out"]).exits(0);
    folder.offboard(&["verify", "--export", "out", "--audit-log", "older.db"]).exits(7);
}

/// One run, without the others: the tree is the log's all the same, and nothing of the others is shown.
#[test]
fn one_run_goes_without_the_others() {
    let (folder, world) = with_runs(2);
    let first = folder.reader().runs().unwrap()[0].run_id.clone();
    let done = folder.offboard(&["log", "export", "--format", "parquet", "out", "--run", first.as_str()]);
    assert!(done.exits(0).out.contains("1 run of this log"));
    verified(&folder, "out", 0);
    folder.offboard(&["verify", "--export", "out", "--audit-log", "audit.db"]).exits(0);
    let records = all(&folder.path("out"), "records");
    let (told, leaves): (Vec<&Line>, Vec<&Line>) = records.iter().partition(|line| line.contains_key("body"));
    assert!(leaves.iter().all(|line| line.len() == 2 && line["leaf_hash"] == "32 bytes"), "{leaves:?}");
    assert!(
        !leaves.is_empty()
            && told.iter().all(|line| line.get("run_id").is_none_or(|run| *run == *first.as_str()))
    );
    let others: Vec<TenantId> = (3..6).map(id).collect();
    for customer in others {
        let customer = customer.to_string();
        assert!(!told.iter().any(|line| line["body"].contains(&customer)), "{customer}");
    }
    // What comes later makes it no other.
    run(&folder, &world, 0, "audit.db");
    exported(&folder, "out");
    assert!(all(&folder.path("out"), "records").iter().all(|line| line.contains_key("body")));
    verified(&folder, "out", 0);
    folder.offboard(&["log", "export", "--format", "parquet", "out", "--run", "2020"]).exits(2);
}

/// Whoever carries out a plan goes with it: without it nobody could say whether it was the one.
#[test]
fn a_run_brings_the_plan_that_it_carries_out() {
    let world = World::of(&json!({ "customers": [{ "id": id(1).to_string() }] }));
    let folder = Folder::new();
    folder.write("list.csv", list_of([id(1)]));
    let plan = folder.against(&world, &["plan", "list.csv", "--no-identity-check", "--max-share", "100"]);
    Done::of(&{ plan }.output().unwrap()).exits(0);
    let made = folder.latest();
    let plan = folder.path("reports").join(made.as_str()).join("plan.json").display().to_string();
    let apply = ["apply", &plan, "--yes", "--rate", "600000"];
    Done::of(&folder.against(&world, &apply).output().unwrap()).exits(0);
    let applied = folder.latest();
    folder.offboard(&["log", "export", "--format", "parquet", "out", "--run", applied.as_str()]).exits(0);
    let runs: BTreeSet<String> =
        all(&folder.path("out"), "runs").iter().map(|run| run["run_id"].clone()).collect();
    assert_eq!(runs, BTreeSet::from([made.to_string(), applied.to_string()]));
    verified(&folder, "out", 0);
}

/// A row without an outcome has none in the tables either.
#[test]
fn a_run_that_was_interrupted_says_nothing_before_its_time() {
    let customers: Vec<Value> = (0..8).map(|n| json!({ "id": id(n).to_string() })).collect();
    let (world, folder) = (World::of(&json!({ "customers": customers })), Folder::new());
    let list = folder.write("list.csv", list_of((0..8).map(id)));
    let more = ["--concurrency", "1", "--canary", "0"];
    assert!(world.kills_after(30, &mut folder.run_command(&world, &list, &more)));
    exported(&folder, "out");
    verified(&folder, "out", 0);
    let mut expected = view(&folder.path("audit.db"), "customers");
    let mut found = all(&folder.path("out"), "customers");
    let known: BTreeSet<&String> = expected.iter().flat_map(BTreeMap::keys).collect();
    for line in &mut found {
        line.retain(|column, _| known.contains(column));
    }
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    assert!(found.iter().any(|line| !line.contains_key("outcome")));
    assert_eq!(all(&folder.path("out"), "runs")[0]["state"], "open");
    // Once it is over, it is written again.
    let resume = ["resume", "--rate", "600000"];
    Done::of(&folder.against(&world, &resume).output().unwrap()).exits(0);
    exported(&folder, "out");
    assert!(all(&folder.path("out"), "customers").iter().all(|line| line["outcome"] == "removed"));
    verified(&folder, "out", 0);
}

/// Every kind of record and every effect that a program has ever written.
#[test]
fn what_the_first_edition_wrote_is_exported() {
    for name in ["demo", "suspension", "everything", "interrupted", "sandbox"] {
        let folder = of_the_first_edition(name);
        let log = folder.path("audit.db");
        let customers = view(&log, "customers").len();
        let requests = view(&log, "requests").len();
        exported(&folder, "out");
        verified(&folder, "out", 0);
        assert_eq!(all(&folder.path("out"), "customers").len(), customers, "{name}");
        assert_eq!(all(&folder.path("out"), "requests").len(), requests, "{name}");
    }
}

#[test]
fn a_folder_of_anything_else_stays_as_it_is() {
    let (folder, _world) = with_runs(1);
    fs::create_dir(folder.path("mine")).unwrap();
    folder.write("mine/notes.txt", "mine");
    let before = fs::read(folder.path("audit.db")).unwrap();
    let refused = folder.offboard(&["log", "export", "--format", "parquet", "mine"]).exits(2).err;
    assert!(refused.contains("not empty"), "{refused}");
    assert_eq!(fs::read(folder.path("audit.db")).unwrap(), before, "nothing was recorded");
    verified(&folder, "mine", 2);
    verified(&folder, "nowhere", 2);
    folder.offboard(&["log", "export", "--format", "csv", "out"]).exits(2);
}

/// Wherever it is killed, the folder has the old exports or the new ones, and the next one puts it right.
#[test]
fn an_export_that_was_broken_off_does_no_harm() {
    let (folder, world) = with_runs(1);
    if !strace::is_available() {
        return;
    }
    exported(&folder, "out");
    run(&folder, &world, 0, "audit.db");
    let command = folder.command(&["log", "export", "--format", "parquet", "out"]);
    let trace = folder.path("trace.txt");
    let mut broken_off = BTreeSet::new();
    for when in 1..40 {
        let options = [format!("--inject=rename:signal=KILL:when={when}")];
        if strace::traced(&command, &options, &trace).output().unwrap().status.success() {
            break;
        }
        let found = folder.offboard(&["verify", "--export", "out"]);
        assert!([0, 8].contains(&found.code), "{when}: {}{}", found.out, found.err);
        if found.code == 8 {
            assert!(found.out.contains("goes on with it"), "{}", found.out);
        } else if when == 1 {
            assert!(found.out.contains("is left of an export"), "{}", found.out);
        }
        broken_off.insert(found.code);
        exported(&folder, "out");
        verified(&folder, "out", 0);
    }
    assert_eq!(broken_off, BTreeSet::from([0, 8]));
    exported(&folder, "out");
    let found = folder.offboard(&["verify", "--export", "out", "--output", "json"]).exits(0).json();
    assert_eq!(found["left_over"], json!([]));
}

/// The document lists each table as the code has it.
#[test]
fn the_document_says_what_is_in_each_table() {
    let mut text = String::new();
    for table in table_texts() {
        text.push_str(&format!("\n### {}\n\n| Column | Type | Meaning |\n| --- | --- | --- |\n", table.name));
        for column in table.columns {
            let holds = match column.holds {
                ColumnType::Text => "text",
                ColumnType::Number => "number",
                ColumnType::Time => "time",
                ColumnType::Day => "day",
                ColumnType::Bytes => "bytes",
            };
            text.push_str(&format!("| `{}` | {holds} | {} |\n", column.name, column.meaning));
        }
    }
    let marks = ["<!-- made from the code: tables -->\n", "<!-- end: tables -->\n"];
    crate::log_format::hold("docs/exports.md", marks, &format!("{text}\n"));
}
