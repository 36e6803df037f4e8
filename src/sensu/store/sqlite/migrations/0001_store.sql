-- Namespaces (and the entities of events) are kept with a '/' at their end: so the unique indexes stand in byte order of
-- `namespace/name` and `namespace/entity/check`, the order in which lists are promised.

CREATE TABLE resources (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    etag TEXT NOT NULL,
    revision INTEGER NOT NULL,
    body BLOB NOT NULL,
    shown BLOB,
    UNIQUE (kind, namespace, name)
);

-- due_at stands before body, so that looking for deadlines does not read bodies.
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL,
    entity TEXT NOT NULL,
    check_name TEXT NOT NULL,
    due_at REAL,
    body BLOB NOT NULL,
    UNIQUE (namespace, entity, check_name)
);

CREATE TABLE deliveries_owed (
    id INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL,
    due_at REAL NOT NULL,
    attempts INTEGER NOT NULL,
    rest BLOB NOT NULL,
    event BLOB NOT NULL
);

CREATE TABLE deliveries_dead (
    id INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL,
    due_at REAL NOT NULL,
    attempts INTEGER NOT NULL,
    why TEXT NOT NULL,
    rest BLOB NOT NULL,
    event BLOB NOT NULL
);

CREATE TABLE states (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
);

-- Numbers up to a ceiling may have been given out already; after a start they go on above it.
CREATE TABLE ceilings (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
);

-- Everything that a group of commits writes is inserted into this view, so that a group is one statement. After each
-- statement Python's interpreter lock must be won back from a busy loop, which takes milliseconds.
-- The frequent writes have triggers of their own; the others go on to `rare_writes`, as every trigger costs each row.
CREATE VIEW writes (op, id, due_at, body, part1, part2, part3, part4, part5) AS
    SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL WHERE FALSE;

CREATE TRIGGER update_event INSTEAD OF INSERT ON writes WHEN NEW.op = 1 BEGIN
    UPDATE events SET due_at = NEW.due_at, body = NEW.body WHERE id = NEW.id;
END;

CREATE TRIGGER owe_delivery INSTEAD OF INSERT ON writes WHEN NEW.op = 2 BEGIN
    INSERT INTO deliveries_owed (id, namespace, due_at, attempts, rest, event)
        VALUES (NEW.id, NEW.part1, NEW.due_at, NEW.part2, NEW.part3, NEW.body)
        ON CONFLICT (id) DO UPDATE SET namespace = excluded.namespace, due_at = excluded.due_at,
            attempts = excluded.attempts, rest = excluded.rest, event = excluded.event;
    DELETE FROM deliveries_dead WHERE id = NEW.id;
END;

CREATE TRIGGER settle_delivery INSTEAD OF INSERT ON writes WHEN NEW.op = 3 BEGIN
    DELETE FROM deliveries_owed WHERE id = NEW.id;
    DELETE FROM deliveries_dead WHERE id = NEW.id;
END;

CREATE TRIGGER write_rarely INSTEAD OF INSERT ON writes WHEN NEW.op > 3 BEGIN
    INSERT INTO rare_writes
        VALUES (NEW.op, NEW.id, NEW.due_at, NEW.body, NEW.part1, NEW.part2, NEW.part3, NEW.part4, NEW.part5);
END;

CREATE VIEW rare_writes (op, id, due_at, body, part1, part2, part3, part4, part5) AS
    SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL WHERE FALSE;

CREATE TRIGGER insert_event INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 4 BEGIN
    INSERT INTO events (id, namespace, entity, check_name, due_at, body)
        VALUES (NEW.id, NEW.part1, NEW.part2, NEW.part3, NEW.due_at, NEW.body);
END;

CREATE TRIGGER delete_event INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 5 BEGIN
    DELETE FROM events WHERE id = NEW.id;
END;

CREATE TRIGGER put_resource INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 6 BEGIN
    INSERT INTO resources (kind, namespace, name, etag, revision, body, shown)
        VALUES (NEW.part1, NEW.part2, NEW.part3, NEW.part4, NEW.id, NEW.body, NEW.part5)
        ON CONFLICT (kind, namespace, name) DO UPDATE SET etag = excluded.etag, revision = excluded.revision,
            body = excluded.body, shown = excluded.shown;
END;

CREATE TRIGGER delete_resource INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 7 BEGIN
    DELETE FROM resources WHERE kind = NEW.part1 AND namespace = NEW.part2 AND name = NEW.part3;
END;

CREATE TRIGGER give_up_delivery INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 8 BEGIN
    INSERT OR REPLACE INTO deliveries_dead (id, namespace, due_at, attempts, why, rest, event)
        SELECT id, namespace, due_at, attempts, NEW.part1, rest, event FROM deliveries_owed WHERE id = NEW.id;
    DELETE FROM deliveries_owed WHERE id = NEW.id;
END;

CREATE TRIGGER put_state INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 9 BEGIN
    INSERT INTO states (name, value) VALUES (NEW.part1, NEW.body)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value;
END;

CREATE TRIGGER raise_ceiling INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 10 BEGIN
    INSERT INTO ceilings (name, value) VALUES (NEW.part1, NEW.id)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value;
END;
