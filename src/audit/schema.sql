-- The truth: one canonical JSON object a record. Everything else is derived from these bytes.
-- There is nothing beside the bytes that could say something else.
CREATE TABLE record (
    seq    INTEGER PRIMARY KEY,
    body   BLOB NOT NULL
) STRICT;

-- Bodies, as plain text, beside the record that owns them. The record holds SHA-256(salt || bytes).
CREATE TABLE payload (
    seq   INTEGER PRIMARY KEY,
    salt  BLOB NOT NULL,
    bytes BLOB NOT NULL
) STRICT;

-- Signed heads of the tree over the records (C2SP tlog-checkpoint), by the number of records they cover.
CREATE TABLE checkpoint (
    size INTEGER PRIMARY KEY,
    note TEXT NOT NULL
) STRICT;

-- Records are added at the end and never changed. The guard on INSERT also stops INSERT OR REPLACE.
CREATE TRIGGER record_is_contiguous BEFORE INSERT ON record
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq) + 1, 0) FROM record)
BEGIN SELECT RAISE(ABORT, 'records are appended in order'); END;
CREATE TRIGGER record_is_not_updated BEFORE UPDATE ON record
BEGIN SELECT RAISE(ABORT, 'records are never changed'); END;
CREATE TRIGGER record_is_not_deleted BEFORE DELETE ON record
BEGIN SELECT RAISE(ABORT, 'records are never deleted'); END;
CREATE TRIGGER payload_is_new BEFORE INSERT ON payload
WHEN NEW.seq <= (SELECT coalesce(max(seq), -1) FROM payload)
BEGIN SELECT RAISE(ABORT, 'payloads are appended in order'); END;
CREATE TRIGGER payload_is_not_updated BEFORE UPDATE ON payload
BEGIN SELECT RAISE(ABORT, 'payloads are never changed'); END;
CREATE TRIGGER payload_is_not_deleted BEFORE DELETE ON payload
BEGIN SELECT RAISE(ABORT, 'payloads are never deleted'); END;
CREATE TRIGGER checkpoint_is_larger BEFORE INSERT ON checkpoint
WHEN NEW.size <= (SELECT coalesce(max(size), 0) FROM checkpoint)
  OR NEW.size > (SELECT coalesce(max(seq) + 1, 0) FROM record)
BEGIN SELECT RAISE(ABORT, 'heads grow, and cover records that are there'); END;
CREATE TRIGGER checkpoint_is_not_updated BEFORE UPDATE ON checkpoint
BEGIN SELECT RAISE(ABORT, 'heads are never changed'); END;
CREATE TRIGGER checkpoint_is_not_deleted BEFORE DELETE ON checkpoint
BEGIN SELECT RAISE(ABORT, 'heads are never deleted'); END;

-- For whoever asks the views of this file. The program itself asks none of them: it makes its own.
CREATE VIEW records AS
SELECT
    seq,
    json_extract(CAST(body AS TEXT), '$.at') AS at,
    json_extract(CAST(body AS TEXT), '$.kind') AS kind,
    json_extract(CAST(body AS TEXT), '$.run') AS run,
    json_extract(CAST(body AS TEXT), '$.row') AS row,
    json_extract(CAST(body AS TEXT), '$.intent') AS intent,
    body
FROM record;

CREATE VIEW runs AS
WITH opened AS (
    SELECT seq, run, at, CAST(body AS TEXT) AS json FROM records WHERE kind = {RunOpened}
), sealed AS (
    SELECT run, at, CAST(body AS TEXT) AS json FROM records WHERE kind = {RunSealed}
), partner AS (
    SELECT run, max(seq) AS seq, CAST(body AS TEXT) AS json FROM records
    WHERE kind = {PartnerIdentified} GROUP BY run
), stopped AS (
    SELECT run, max(seq) AS seq, at FROM records WHERE kind = {Stopped} GROUP BY run
), resumed AS (
    SELECT run, max(seq) AS seq FROM records WHERE kind = {Resumed} GROUP BY run
)
SELECT
    opened.run AS run_id,
    json_extract(opened.json, '$.procedure') AS procedure,
    json_extract(opened.json, '$.mode') AS mode,
    json_extract(partner.json, '$.tenant_id') AS partner_tenant_id,
    json_extract(partner.json, '$.name') AS partner_name,
    json_extract(opened.json, '$.operator') AS operator,
    json_extract(opened.json, '$.host') AS host,
    json_extract(opened.json, '$.version') AS version,
    json_extract(opened.json, '$.input.file') AS input_file,
    json_extract(opened.json, '$.input.sha256') AS input_sha256,
    json_extract(opened.json, '$.input.rows') AS input_rows,
    json_extract(opened.json, '$.ticket') AS ticket,
    json_extract(opened.json, '$.reason') AS reason,
    opened.at AS started_at,
    sealed.at AS finished_at,
    CASE
        WHEN sealed.run IS NOT NULL THEN 'sealed'
        WHEN stopped.seq > coalesce(resumed.seq, -1) THEN 'interrupted'
        -- One process writes a log, so a later run means that this one is no longer at work.
        WHEN EXISTS (SELECT 1 FROM opened AS later WHERE later.seq > max(opened.seq, coalesce(resumed.seq, -1)))
            THEN 'interrupted'
        ELSE 'open'
    END AS state,
    json_extract(sealed.json, '$.exit_code') AS exit_code
FROM opened
LEFT JOIN sealed ON sealed.run = opened.run
LEFT JOIN partner ON partner.run = opened.run
LEFT JOIN stopped ON stopped.run = opened.run
LEFT JOIN resumed ON resumed.run = opened.run;

CREATE VIEW customers AS
WITH listed AS (
    SELECT run, row, CAST(body AS TEXT) AS json FROM records WHERE kind = {RowRead}
), settled AS (
    SELECT run, row, at, CAST(body AS TEXT) AS json FROM records WHERE kind = {Settled}
), resolved AS (
    -- What a person found out about an unknown outcome; the last word counts.
    SELECT run, row, max(seq) AS seq, at, CAST(body AS TEXT) AS json FROM records
    WHERE kind = {Resolved} GROUP BY run, row
), corroborated AS (
    SELECT run, row FROM records WHERE kind = {Corroborated}
)
SELECT
    listed.run AS run_id,
    {customers}
FROM listed
LEFT JOIN settled ON settled.run = listed.run AND settled.row = listed.row
LEFT JOIN resolved ON resolved.run = listed.run AND resolved.row = listed.row
LEFT JOIN corroborated ON corroborated.run = listed.run AND corroborated.row = listed.row;

CREATE VIEW requests AS
WITH intended AS (
    SELECT seq, run, at, CAST(body AS TEXT) AS json FROM records WHERE kind = {RequestIntended}
), completed AS (
    SELECT seq, intent, kind, at, CAST(body AS TEXT) AS json FROM records
    WHERE kind IN ({ResponseReceived}, {RequestNotSent}, {OutcomeUnknown})
)
SELECT
    intended.run AS run_id,
    intended.seq AS seq,
    json_extract(intended.json, '$.customer') AS customer_tenant_id,
    json_extract(intended.json, '$.purpose') AS purpose,
    json_extract(intended.json, '$.attempt') AS attempt,
    json_extract(intended.json, '$.method') AS method,
    json_extract(intended.json, '$.url') AS url,
    json_extract(intended.json, '$.request_id') AS request_id,
    json_extract(intended.json, '$.correlation_id') AS correlation_id,
    intended.at AS intended_at,
    json_extract(intended.json, '$.headers') AS request_headers,
    CAST(sent.bytes AS TEXT) AS request_body,
    CASE completed.kind
        WHEN {ResponseReceived} THEN 'responded'
        WHEN {RequestNotSent} THEN 'not_sent'
        WHEN {OutcomeUnknown} THEN 'unknown'
    END AS completion,
    completed.at AS completed_at,
    json_extract(completed.json, '$.duration_ms') AS duration_ms,
    json_extract(completed.json, '$.status') AS status,
    json_extract(completed.json, '$.headers') AS response_headers,
    CAST(received.bytes AS TEXT) AS response_body,
    json_extract(completed.json, '$.request_id') AS response_request_id,
    json_extract(completed.json, '$.correlation_id') AS response_correlation_id,
    coalesce(json_extract(completed.json, '$.error'), json_extract(completed.json, '$.text')) AS error
FROM intended
-- The plus takes the type from `seq`: an index over `intent`, which has none, serves no comparison with it.
LEFT JOIN completed ON completed.intent = +intended.seq
LEFT JOIN payload AS sent ON sent.seq = intended.seq
LEFT JOIN payload AS received ON received.seq = completed.seq;
