-- How many resources and events (of kind '') each namespace has, kept up to date: counting them anew takes longer the more
-- there are.
CREATE TABLE counts (
    kind TEXT NOT NULL,
    namespace TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (kind, namespace)
) WITHOUT ROWID;

INSERT INTO counts (kind, namespace, number) SELECT kind, namespace, count(*) FROM resources GROUP BY kind, namespace;
INSERT INTO counts (kind, namespace, number) SELECT '', namespace, count(*) FROM events GROUP BY namespace;

CREATE TRIGGER count_resource AFTER INSERT ON resources BEGIN
    INSERT INTO counts (kind, namespace, number) VALUES (NEW.kind, NEW.namespace, 1)
        ON CONFLICT (kind, namespace) DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER count_resource_no_more AFTER DELETE ON resources BEGIN
    UPDATE counts SET number = number - 1 WHERE kind = OLD.kind AND namespace = OLD.namespace;
    DELETE FROM counts WHERE kind = OLD.kind AND namespace = OLD.namespace AND number = 0;
END;

CREATE TRIGGER count_event AFTER INSERT ON events BEGIN
    INSERT INTO counts (kind, namespace, number) VALUES ('', NEW.namespace, 1)
        ON CONFLICT (kind, namespace) DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER count_event_no_more AFTER DELETE ON events BEGIN
    UPDATE counts SET number = number - 1 WHERE kind = '' AND namespace = OLD.namespace;
    DELETE FROM counts WHERE kind = '' AND namespace = OLD.namespace AND number = 0;
END;

-- Ids are never given out again, so that a reader who goes on below one does not meet what it has seen.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    body BLOB NOT NULL
);

CREATE INDEX audit_at ON audit (at);

CREATE TRIGGER append_audit INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 11 BEGIN
    INSERT INTO audit (at, body) VALUES (NEW.due_at, NEW.body);
END;

CREATE TRIGGER trim_audit INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 12 BEGIN
    DELETE FROM audit WHERE at < NEW.due_at;
    DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - NEW.id;
END;
