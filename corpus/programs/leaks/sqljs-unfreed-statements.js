'use strict';

/** A weather archive in sql.js: each query prepares a statement and forgets to free it. */

const initSqlJs = require('sql.js');
const { pace } = require('../../support/pace');

const QUERIES_PER_SECOND = 50;
const STATIONS = 20;
const DAYS = 60;

function fill(db) {
  db.run('CREATE TABLE readings (station INTEGER, day INTEGER, celsius REAL)');
  db.run('CREATE INDEX by_station ON readings (station, day)');
  db.run('BEGIN');
  for (let station = 0; station < STATIONS; station += 1) {
    for (let day = 0; day < DAYS; day += 1) {
      db.run('INSERT INTO readings VALUES (?, ?, ?)', [station, day, 10 + Math.sin(day / 9) * 8]);
    }
  }
  db.run('COMMIT');
}

/** The warmest days of a station. */
function warmest(db, station, since) {
  const statement = db.prepare(
    'SELECT day, celsius FROM readings WHERE station = ? AND day >= ? ORDER BY celsius DESC LIMIT 3',
  );
  statement.bind([station, since]);
  const days = [];
  while (statement.step()) days.push(statement.getAsObject());
  return days;
}

async function main() {
  const SQL = await initSqlJs();
  const db = new SQL.Database();
  fill(db);
  let warm = 0;
  await pace(QUERIES_PER_SECOND, (n) => {
    const days = warmest(db, n % STATIONS, n % 30);
    if (days[0].celsius > 15) warm += 1;
  });
  process.exit(warm > 0 ? 0 : 1);
}

main();
