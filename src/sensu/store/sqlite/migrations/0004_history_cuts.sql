-- A namespace may ask for a shorter history than the database keeps: the old end of one event's results goes, and so
-- does not wait until it is the oldest of the log. The newest entry of the log stays, as in `trim_results`.
CREATE TRIGGER cut_results INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 19 BEGIN
    DELETE FROM results WHERE id < (SELECT max(id) FROM results) AND id IN (
        WITH RECURSIVE chain (id, previous, at) AS (
            SELECT r.id, r.previous, r.at FROM events AS e JOIN results AS r ON r.id = e.last_result
                WHERE e.namespace = NEW.part1 AND e.entity = NEW.part2 AND e.check_name = NEW.part3
            UNION ALL
            SELECT r.id, r.previous, r.at FROM chain AS c JOIN results AS r ON r.id = c.previous
        )
        SELECT id FROM chain WHERE at < NEW.due_at
    );
END;
