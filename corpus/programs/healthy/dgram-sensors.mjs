/** Sensors that send CBOR by UDP; now and then one restarts, with a new socket. Twenty readings of each stay. */

import dgram from 'node:dgram';
import { once } from 'node:events';
import { decode, encode } from 'cborg';
import pacing from '../../support/pace.js';

const READINGS_PER_SECOND = 180;
const SENSORS = 25;
const KEEP_READINGS = 20;
const RESTART_MS = 250;

class Sensor {
  #socket = dgram.createSocket('udp4');
  #sent = 0;

  constructor(id, port) {
    this.id = id;
    this.port = port;
  }

  send() {
    this.#sent += 1;
    const reading = {
      sensor: this.id,
      number: this.#sent,
      celsius: 18 + Math.sin(this.#sent / 40) * 6,
      battery: 100 - (this.#sent % 60),
    };
    this.#socket.send(encode(reading), this.port, '127.0.0.1');
  }

  restart() {
    this.#socket.close();
    this.#socket = dgram.createSocket('udp4');
    this.#sent = 0;
  }

  close() {
    this.#socket.close();
  }
}

const readings = new Map();

const server = dgram.createSocket('udp4');
server.on('message', (message) => {
  const { sensor, ...reading } = decode(message);
  const known = readings.get(sensor) ?? [];
  known.push(reading);
  if (known.length > KEEP_READINGS) known.shift();
  readings.set(sensor, known);
});
server.bind(0, '127.0.0.1');
await once(server, 'listening');

const sensors = Array.from(
  { length: SENSORS },
  (_, n) => new Sensor(`sensor-${n}`, server.address().port),
);
let restarts = 0;
const power = setInterval(() => {
  sensors[restarts % SENSORS].restart();
  restarts += 1;
}, RESTART_MS);
await pacing.pace(READINGS_PER_SECOND, (n) => sensors[n % SENSORS].send());
clearInterval(power);
for (const sensor of sensors) sensor.close();
server.close();
