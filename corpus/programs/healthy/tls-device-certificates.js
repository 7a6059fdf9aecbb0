'use strict';

/** Devices get a certificate made with node-forge and report by TLS; the twelve last ones are trusted. */

const { generateKeyPairSync } = require('node:crypto');
const { once } = require('node:events');
const tls = require('node:tls');
const forge = require('node-forge');
const { pace } = require('../../support/pace');

const DEVICES_PER_SECOND = 2;
const KEEP_DEVICES = 12;
const KEY_PAIRS = 4;

function makeKeys() {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const key = forge.pki.privateKeyFromPem(privateKey);
  return { pem: privateKey, privateKey: key, publicKey: forge.pki.setRsaPublicKey(key.n, key.e) };
}

const authority = makeKeys();
/** Devices come with a key from the factory. */
const factory = Array.from({ length: KEY_PAIRS }, makeKeys);

function certify(name, keys, serial) {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = keys.publicKey;
  certificate.serialNumber = `01${serial.toString(16).padStart(6, '0')}`;
  certificate.validity.notBefore = new Date(Date.now() - 60_000);
  certificate.validity.notAfter = new Date(Date.now() + 3_600_000);
  certificate.setSubject([{ name: 'commonName', value: name }]);
  certificate.setIssuer([{ name: 'commonName', value: 'plant' }]);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: keys === authority },
    { name: 'subjectAltName', altNames: [{ type: 2, value: name }] },
  ]);
  certificate.sign(authority.privateKey, forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate);
}

const ca = certify('plant', authority, 1);
const devices = new Map();

function startServer() {
  const server = tls.createServer(
    {
      key: authority.pem,
      cert: certify('localhost', { ...authority }, 2),
      ca,
      requestCert: true,
      rejectUnauthorized: true,
    },
    (socket) => {
      const name = socket.getPeerCertificate().subject.CN;
      socket.on('data', (chunk) => {
        devices.set(name, JSON.parse(chunk));
        if (devices.size > KEEP_DEVICES) devices.delete(devices.keys().next().value);
        socket.end('ok');
      });
      socket.on('error', () => socket.destroy());
    },
  );
  return server.listen(0, '127.0.0.1');
}

async function report(n, port) {
  const keys = factory[n % KEY_PAIRS];
  const socket = tls.connect({
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    key: keys.pem,
    cert: certify(`device-${n}`, keys, 100 + n),
    ca,
  });
  await once(socket, 'secureConnect');
  socket.write(JSON.stringify({ litres: n % 80, at: Date.now() }));
  socket.resume();
  await once(socket, 'close');
}

async function main() {
  const server = startServer();
  await once(server, 'listening');
  const open = new Set();
  await pace(DEVICES_PER_SECOND, (n) => {
    const one = report(n, server.address().port).finally(() => open.delete(one));
    open.add(one);
  });
  await Promise.all(open);
  server.close();
}

main();
