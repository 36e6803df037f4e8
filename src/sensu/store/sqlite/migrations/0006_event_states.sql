-- What lists of events are sorted, filtered and counted by. It is a table of its own and not part of `events`, because
-- it is scanned, and there it would stand behind bodies of some kilobytes. A result that repeats the state of its event
-- touches nothing here. `severity`: 0 critical, 1 warning, 2 unknown, 3 passing; `since`: when the severity last
-- changed, in Unix seconds; `revision`: the commit of the last change, by which changes are found again.
CREATE TABLE event_states (
    id INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL,
    entity TEXT NOT NULL,
    check_name TEXT NOT NULL,
    severity INTEGER NOT NULL,
    since INTEGER NOT NULL,
    silenced INTEGER NOT NULL,
    flapping INTEGER NOT NULL,
    overdue INTEGER NOT NULL,
    revision INTEGER NOT NULL
);

INSERT INTO event_states (id, namespace, entity, check_name, severity, since, silenced, flapping, overdue, revision)
    SELECT id, namespace, entity, check_name,
        CASE status WHEN 0 THEN 3 WHEN 1 THEN 1 WHEN 2 THEN 0 ELSE 2 END,
        coalesce((SELECT at FROM changes WHERE changes.id = last_change), executed, 0), silenced, flapping, overdue, 0
    FROM (
        SELECT id, namespace, entity, check_name, last_change,
            coalesce(json_extract(body, '$.check.status'), 0) AS status,
            json_extract(body, '$.check.executed') AS executed,
            coalesce(json_array_length(body, '$.check.silenced'), 0) > 0 AS silenced,
            coalesce(json_extract(body, '$.check.state'), '') = 'flapping' AS flapping,
            coalesce(json_extract(body, '$.check.ttl'), 0) > 0
                AND coalesce(json_extract(body, '$.check.issued'), 0) = 0
                AND coalesce(json_extract(body, '$.check.status'), 0) != 0
                AND coalesce(json_extract(body, '$.check.metadata.created_by'), '') = '' AS overdue
        FROM (
            SELECT id, namespace, entity, check_name, last_change,
                CASE WHEN json_valid(CAST(body AS TEXT)) THEN CAST(body AS TEXT) ELSE '{}' END AS body FROM events
        )
    );

-- `silenced` and `severity` stand at the ends, so that pages of filtered lists are found in the index alone.
CREATE INDEX event_states_by_severity ON event_states (namespace, severity, since DESC, id, silenced);
CREATE INDEX event_states_by_change ON event_states (namespace, since DESC, id, severity, silenced);
CREATE INDEX event_states_by_name ON event_states (namespace, entity, check_name, severity, silenced);
CREATE INDEX event_states_by_revision ON event_states (namespace, revision);
CREATE INDEX event_states_silenced ON event_states (namespace, id) WHERE silenced;

-- How many events of each namespace have which state. Rows whose number is 0 go.
CREATE TABLE event_counts (
    namespace TEXT NOT NULL,
    severity INTEGER NOT NULL,
    silenced INTEGER NOT NULL,
    flapping INTEGER NOT NULL,
    overdue INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (namespace, severity, silenced, flapping, overdue)
) WITHOUT ROWID;

INSERT INTO event_counts (namespace, severity, silenced, flapping, overdue, number)
    SELECT namespace, severity, silenced, flapping, overdue, count(*) FROM event_states
    GROUP BY namespace, severity, silenced, flapping, overdue;

CREATE TRIGGER count_event_state AFTER INSERT ON event_states BEGIN
    INSERT INTO event_counts (namespace, severity, silenced, flapping, overdue, number)
        VALUES (NEW.namespace, NEW.severity, NEW.silenced, NEW.flapping, NEW.overdue, 1)
        ON CONFLICT DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER count_event_state_no_more AFTER DELETE ON event_states BEGIN
    UPDATE event_counts SET number = number - 1
        WHERE namespace = OLD.namespace AND severity = OLD.severity AND silenced = OLD.silenced
        AND flapping = OLD.flapping AND overdue = OLD.overdue;
    DELETE FROM event_counts
        WHERE namespace = OLD.namespace AND severity = OLD.severity AND silenced = OLD.silenced
        AND flapping = OLD.flapping AND overdue = OLD.overdue AND number = 0;
END;

CREATE TRIGGER recount_event_state AFTER UPDATE OF severity, silenced, flapping, overdue ON event_states
WHEN (OLD.severity, OLD.silenced, OLD.flapping, OLD.overdue) != (NEW.severity, NEW.silenced, NEW.flapping, NEW.overdue)
BEGIN
    INSERT INTO event_counts (namespace, severity, silenced, flapping, overdue, number)
        VALUES (NEW.namespace, NEW.severity, NEW.silenced, NEW.flapping, NEW.overdue, 1)
        ON CONFLICT DO UPDATE SET number = number + 1;
    UPDATE event_counts SET number = number - 1
        WHERE namespace = OLD.namespace AND severity = OLD.severity AND silenced = OLD.silenced
        AND flapping = OLD.flapping AND overdue = OLD.overdue;
    DELETE FROM event_counts
        WHERE namespace = OLD.namespace AND severity = OLD.severity AND silenced = OLD.silenced
        AND flapping = OLD.flapping AND overdue = OLD.overdue AND number = 0;
END;

-- The last events that were deleted, so that who follows a list hears of them. Ids are never given out again.
CREATE TABLE events_gone (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    namespace TEXT NOT NULL,
    entity TEXT NOT NULL,
    check_name TEXT NOT NULL,
    revision INTEGER NOT NULL
);

CREATE INDEX events_gone_by_revision ON events_gone (namespace, revision);

DROP TRIGGER delete_event;
CREATE TRIGGER delete_event INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 5 BEGIN
    INSERT INTO events_gone (namespace, entity, check_name, revision)
        SELECT namespace, entity, check_name, NEW.part1 FROM events WHERE id = NEW.id;
    DELETE FROM events_gone WHERE id <= (SELECT max(id) FROM events_gone) - NEW.part2;
    DELETE FROM event_states WHERE id = NEW.id;
    DELETE FROM events WHERE id = NEW.id;
END;

CREATE TRIGGER put_event_state INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 20 BEGIN
    INSERT INTO event_states (id, namespace, entity, check_name, severity, since, silenced, flapping, overdue, revision)
        SELECT id, namespace, entity, check_name, NEW.part1, NEW.part2, NEW.part3 & 1, NEW.part3 >> 1 & 1,
            NEW.part3 >> 2 & 1, NEW.part4 FROM events WHERE id = NEW.id
        ON CONFLICT (id) DO UPDATE SET severity = excluded.severity,
            since = CASE WHEN severity = excluded.severity THEN since ELSE excluded.since END, silenced = excluded.silenced,
            flapping = excluded.flapping, overdue = excluded.overdue, revision = excluded.revision;
END;

CREATE TRIGGER mark_silenced INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 21 BEGIN
    UPDATE event_states SET silenced = NEW.id, revision = NEW.part4
        WHERE namespace = NEW.part1 AND entity = NEW.part2 AND check_name = NEW.part3 AND silenced != NEW.id;
END;
