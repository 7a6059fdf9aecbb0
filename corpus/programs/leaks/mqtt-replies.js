'use strict';

/** Asks devices over MQTT: every question puts its own listener for the answer on the shared client. */

const { once } = require('node:events');
const net = require('node:net');
const { Aedes } = require('aedes');
const mqtt = require('mqtt');
const { pace } = require('../../support/pace');

const QUESTIONS_PER_SECOND = 60;

/** A device that answers every question on the topic the question names. */
function startDevice(url) {
  const device = mqtt.connect(url, { clientId: 'thermometer' });
  device.on('connect', () => device.subscribe('questions'));
  device.on('message', (_topic, payload) => {
    const { id } = JSON.parse(payload);
    device.publish(`answers/${id}`, JSON.stringify({ id, celsius: 20 + (id % 7) }));
  });
  return once(device, 'packetreceive');
}

function ask(client, id, callback) {
  const topic = `answers/${id}`;
  client.subscribe(topic, () => {
    client.publish('questions', JSON.stringify({ id }));
  });
  client.on('message', (received, payload) => {
    if (received !== topic) return;
    client.unsubscribe(topic);
    callback(JSON.parse(payload));
  });
}

async function main() {
  const broker = await Aedes.createBroker();
  const server = net.createServer(broker.handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `mqtt://127.0.0.1:${server.address().port}`;
  await startDevice(url);
  const client = mqtt.connect(url, { clientId: 'dashboard' });
  client.setMaxListeners(0);
  await once(client, 'connect');

  const latest = { celsius: undefined };
  await pace(QUESTIONS_PER_SECOND, (n) => {
    ask(client, n, ({ celsius }) => {
      latest.celsius = celsius;
    });
  });
  process.exit(0);
}

main();
