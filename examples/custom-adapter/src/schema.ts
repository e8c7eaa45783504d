/**
 * `specs` has a row for each topic, whose name is empty, and one for each subscription. A delivery is what one subscription has
 * still to do with one message: dead where there is a reason, and then `until` is when it died; otherwise leased where there is a
 * session and `until` has not come, retried where there is none, and ready where it has. What goes over to a consumer's next source
 * has its session and no token yet. Places, tokens and sessions come from one sequence.
 */
export const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  BEGIN IMMEDIATE;
  CREATE TABLE IF NOT EXISTS file (id INTEGER PRIMARY KEY, sequence INTEGER, time INTEGER);
  INSERT OR IGNORE INTO file VALUES (1, 0, 0);
  CREATE TABLE IF NOT EXISTS specs (id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT, name TEXT, spec TEXT, UNIQUE (topic, name));
  CREATE TABLE IF NOT EXISTS messages (seq INTEGER PRIMARY KEY, topic TEXT, stored INTEGER, envelope TEXT, payload);
  CREATE TABLE IF NOT EXISTS deliveries (
    subscription INTEGER REFERENCES specs ON DELETE CASCADE, seq INTEGER REFERENCES messages, place INTEGER,
    until INTEGER DEFAULT 0, attempts INTEGER DEFAULT 0, errors TEXT DEFAULT '[]', reason TEXT,
    token INTEGER UNIQUE, session INTEGER, PRIMARY KEY (subscription, seq));
  CREATE INDEX IF NOT EXISTS in_order ON deliveries (subscription, place) WHERE reason IS NULL;
  CREATE INDEX IF NOT EXISTS in_time ON deliveries (subscription, until) WHERE reason IS NULL;
  CREATE INDEX IF NOT EXISTS of_session ON deliveries (session) WHERE session IS NOT NULL;
  CREATE INDEX IF NOT EXISTS of_message ON deliveries (seq);
  CREATE TRIGGER IF NOT EXISTS published AFTER INSERT ON messages BEGIN
    INSERT INTO deliveries (subscription, seq, place)
    SELECT id, new.seq, new.seq FROM specs WHERE topic = new.topic AND name <> '';
  END;
  CREATE TRIGGER IF NOT EXISTS subscribed AFTER INSERT ON specs WHEN new.name <> '' BEGIN
    INSERT INTO deliveries (subscription, seq, place) SELECT new.id, seq, seq FROM messages WHERE topic = new.topic;
  END;
  COMMIT;
`
