/** Asks devices over JSON-RPC without a timeout; those with old firmware never answer. */

import { EventEmitter } from 'node:events';
import { JSONRPCClient, JSONRPCServer } from 'json-rpc-2.0';
import pacing from '../../support/pace.js';

const QUESTIONS_PER_SECOND = 60;
const OLD_FIRMWARE_EVERY = 5;

/** The network in between; carries JSON both ways. */
const gateway = new EventEmitter();

const device = new JSONRPCServer();
device.addMethod('readMeter', ({ meter }) => ({ meter, kwh: (meter * 17) % 9001 }));
device.addMethod('ping', () => 'pong');

gateway.on('to-device', async (text) => {
  const request = JSON.parse(text);
  if (request.params?.firmware === 'v1') return;
  await new Promise((resolve) => setTimeout(resolve, 8));
  gateway.emit('to-server', JSON.stringify(await device.receive(request)));
});

const client = new JSONRPCClient((request) => {
  gateway.emit('to-device', JSON.stringify(request));
});
gateway.on('to-server', (text) => client.receive(JSON.parse(text)));

const meters = Array.from({ length: 100 }, (_, meter) => ({
  meter,
  firmware: meter % OLD_FIRMWARE_EVERY === 0 ? 'v1' : 'v2',
  last: 0,
}));

async function readMeter(row) {
  const report = { meter: row.meter, begunAt: new Date(), notes: 'scheduled' };
  const { kwh } = await client.request('readMeter', { meter: row.meter, firmware: row.firmware });
  row.last = kwh;
  report.notes = `read ${kwh}`;
}

await pacing.pace(QUESTIONS_PER_SECOND, (n) => {
  readMeter(meters[n % meters.length]);
});
