/**
 * Polls each device that is online. A poller that is stopped while a reading is under way sets its
 * next timer all the same.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import mitt from 'mitt';
import { nanoid } from 'nanoid';
import pacing from '../../support/pace.js';

const DEVICES_PER_SECOND = 40;
const POLL_MS = 150;
const ONLINE_MS = 700;

const fleet = mitt();
const readings = { taken: 0, sum: 0 };

class TwinPoller {
  #device;
  #timer;

  constructor(device) {
    this.#device = device;
  }

  start() {
    this.#timer = setTimeout(() => this.#poll(), POLL_MS);
  }

  stop() {
    clearTimeout(this.#timer);
  }

  async #poll() {
    try {
      const { celsius } = await this.#read();
      this.#device.twin.celsius = celsius;
      readings.taken += 1;
      readings.sum += celsius;
    } finally {
      this.start();
    }
  }

  async #read() {
    await sleep(20 + Math.random() * 60);
    return { celsius: 15 + Math.random() * 10 };
  }
}

const pollers = new Map();

fleet.on('online', (device) => {
  const poller = new TwinPoller(device);
  pollers.set(device.id, poller);
  poller.start();
});

fleet.on('offline', (device) => {
  pollers.get(device.id)?.stop();
  pollers.delete(device.id);
});

await pacing.pace(DEVICES_PER_SECOND, (n) => {
  const device = { id: nanoid(), model: `m${n % 6}`, twin: { celsius: 20, firmware: '4.1.9' } };
  fleet.emit('online', device);
  setTimeout(() => fleet.emit('offline', device), ONLINE_MS + Math.random() * 200);
});
process.exit(0);
