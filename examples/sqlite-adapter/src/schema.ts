/** Stored as the file's `user_version`: a file of another one is refused. */
export const SCHEMA_VERSION = 1

/**
 * A delivery is what one subscription has still to do with one message, and its state is in its columns:
 *
 *     scheduled   place is null, until is when it becomes due
 *     leased      token is not null, until is the lease's end
 *     retrying    token is null, until is when it comes back
 *     ready       until has passed: with a token, the lease was lost
 *
 * Acked is deleted, dead is moved to `dead`. A message gets its place when it is due, from the file's sequence, which also gives
 * sessions and tokens; its deliveries have the same place until they are redriven.
 */
export const SCHEMA = `
  CREATE TABLE file (sequence INTEGER NOT NULL, time INTEGER NOT NULL);
  INSERT INTO file VALUES (0, 0);

  CREATE TABLE topics (name TEXT PRIMARY KEY, spec TEXT NOT NULL) WITHOUT ROWID;

  CREATE TABLE subscriptions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL REFERENCES topics, name TEXT NOT NULL,
    direction INTEGER NOT NULL, levels INTEGER NOT NULL, spec TEXT NOT NULL,
    UNIQUE (topic, name)
  );

  CREATE TABLE messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL REFERENCES topics, id TEXT NOT NULL,
    key TEXT, priority INTEGER NOT NULL, stored INTEGER NOT NULL, due INTEGER NOT NULL, place INTEGER,
    size INTEGER NOT NULL, envelope TEXT NOT NULL, payload NOT NULL
  );
  CREATE INDEX messages_of_topic ON messages (topic, seq);
  CREATE INDEX messages_by_id ON messages (topic, id);
  CREATE INDEX messages_scheduled ON messages (due) WHERE place IS NULL;

  CREATE TABLE ids (
    topic TEXT NOT NULL, id TEXT NOT NULL, stored INTEGER NOT NULL, PRIMARY KEY (topic, id)
  ) WITHOUT ROWID;

  CREATE TABLE deliveries (
    subscription INTEGER NOT NULL REFERENCES subscriptions ON DELETE CASCADE, seq INTEGER NOT NULL REFERENCES messages,
    key TEXT, band INTEGER NOT NULL, direction INTEGER NOT NULL, place INTEGER, until INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, losses INTEGER NOT NULL DEFAULT 0, marks INTEGER NOT NULL DEFAULT 0,
    marked INTEGER NOT NULL DEFAULT 0, errors TEXT NOT NULL DEFAULT '[]',
    token INTEGER UNIQUE, session INTEGER, instance TEXT, reserved INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (subscription, seq)
  ) WITHOUT ROWID;
  CREATE INDEX deliveries_of_message ON deliveries (seq);
  CREATE INDEX deliveries_in_order ON deliveries (subscription, band, direction * place);
  CREATE INDEX deliveries_of_key ON deliveries (subscription, key, place) WHERE key IS NOT NULL;
  CREATE INDEX deliveries_in_time ON deliveries (subscription, until);
  CREATE INDEX deliveries_of_session ON deliveries (session) WHERE session IS NOT NULL;

  CREATE TABLE dead (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    subscription INTEGER NOT NULL REFERENCES subscriptions ON DELETE CASCADE, seq INTEGER NOT NULL REFERENCES messages,
    reason TEXT NOT NULL, errors TEXT NOT NULL, attempts INTEGER NOT NULL, losses INTEGER NOT NULL, time INTEGER NOT NULL
  );
  CREATE INDEX dead_of_subscription ON dead (subscription, number);
  CREATE INDEX dead_of_message ON dead (seq);

  CREATE TABLE consumers (
    subscription INTEGER NOT NULL REFERENCES subscriptions ON DELETE CASCADE, name TEXT NOT NULL,
    generation INTEGER NOT NULL, session INTEGER NOT NULL, opened INTEGER NOT NULL,
    PRIMARY KEY (subscription, name)
  ) WITHOUT ROWID;

  PRAGMA user_version = ${SCHEMA_VERSION};
`
