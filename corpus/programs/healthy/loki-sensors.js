'use strict';

/** Sensors in lokijs: 350 of them are updated in place, their readings are kept for two seconds. */

const Loki = require('lokijs');
const { pace } = require('../../support/pace');

const SENSORS = 350;
const KEEP_MS = 2_000;
const TRIM_EACH_MS = 400;

const db = new Loki('sensors.db', { adapter: new Loki.LokiMemoryAdapter(), autosave: false });
const sensors = db.addCollection('sensors', { unique: ['serial'], indices: ['celsius'] });
const readings = db.addCollection('readings', { indices: ['at'] });
const hot = sensors.addDynamicView('hot').applyFind({ celsius: { $gt: 60 } });
hot.applySimpleSort('celsius');

const counted = { updates: 0, alarms: 0, trimmed: 0 };

sensors.on('update', ({ celsius }) => {
  if (celsius > 75) counted.alarms += 1;
});

function upsert(serial, celsius) {
  const sensor = sensors.by('serial', serial);
  if (sensor === undefined) {
    sensors.insert({ serial, celsius, updates: 1 });
    return;
  }
  sensor.celsius = celsius;
  sensor.updates += 1;
  sensors.update(sensor);
  counted.updates += 1;
}

function receive(n) {
  // All of them are heard of within the first three seconds; from then on they are updated.
  const serial = `sensor-${(n * 37) % SENSORS}`;
  const celsius = 20 + 60 * Math.abs(Math.sin(n / 40));
  upsert(serial, celsius);
  readings.insert({ serial, celsius, at: Date.now() });
}

function trim() {
  const before = readings.count();
  readings
    .chain()
    .find({ at: { $lt: Date.now() - KEEP_MS } })
    .remove();
  counted.trimmed += before - readings.count();
}

async function main() {
  const trimming = setInterval(trim, TRIM_EACH_MS);
  const watching = setInterval(() => hot.data().slice(0, 10), 100);
  await pace(120, receive);
  clearInterval(trimming);
  clearInterval(watching);
  db.close();
}

main();
