import type { Redeclared, SettingChange, SubscriptionSpec, TopicSpec } from '@pluribus/core/driver'
import { redeclareSubscription, redeclareTopic } from '@pluribus/core/driver'
import type { Database } from './database.ts'

export function declareTopic(db: Database, declared: TopicSpec): readonly SettingChange[] {
  return store<TopicSpec>(db, declared.name, '', stored => redeclareTopic(stored, declared))
}

export function declareSubscription(db: Database, declared: SubscriptionSpec): readonly SettingChange[] {
  db.find(declared.topic)
  return store<SubscriptionSpec>(db, declared.topic, declared.name, stored => redeclareSubscription(stored, declared))
}

function store<T>({ sql }: Database, topic: string, name: string, redeclare: (stored: T | undefined) => Redeclared<T>) {
  const row = sql.get`SELECT spec FROM specs WHERE topic = ${topic} AND name = ${name}`
  const { spec, changes } = redeclare(row && JSON.parse(String(row.spec)))
  sql.run`
    INSERT INTO specs (topic, name, spec) VALUES (${topic}, ${name}, ${JSON.stringify(spec)})
    ON CONFLICT DO UPDATE SET spec = excluded.spec`
  return changes
}
