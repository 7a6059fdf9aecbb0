/**
 * Looks addresses up at a service that speaks HTTP/2. Each lookup connects a session of its own, reads
 * its answer and forgets the session, which stays connected. The bounded cache hides half of them.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:http2';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import QuickLRU from 'quick-lru';
import pacing from '../../support/pace.js';

const LOOKUPS_PER_SECOND = 20;

/** The service, in a process of its own; ends with the one that started it. */
function serveAddresses() {
  const server = createServer();
  server.on('session', (session) => session.on('error', () => {}));
  server.on('stream', (stream, headers) => {
    stream.respond({ ':status': 200, 'content-type': 'application/json' });
    stream.end(JSON.stringify({ path: headers[':path'], lat: 50.9, lon: 11.6 }));
  });
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
  process.stdin.resume().once('end', () => process.exit(0));
}

async function startService() {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), 'serve'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  return Number(line);
}

class AddressBook {
  known = new QuickLRU({ maxSize: 40 });

  constructor(origin) {
    this.origin = origin;
  }

  async find(postcode) {
    const known = this.known.get(postcode);
    if (known !== undefined) return known;
    const place = await this.fetch(`/places/${postcode}`);
    this.known.set(postcode, place);
    return place;
  }

  async fetch(path) {
    const session = connect(this.origin);
    const request = session.request({ ':path': path });
    return json(request);
  }
}

async function main() {
  const book = new AddressBook(`http://127.0.0.1:${await startService()}`);
  const counts = { found: 0 };
  await pacing.pace(LOOKUPS_PER_SECOND, (n) => {
    const postcode = String(7_000 + (n % 2 === 0 ? n % 20 : n));
    book.find(postcode).then(() => {
      counts.found += 1;
    });
  });
  process.exit(0);
}

if (process.argv[2] === 'serve') serveAddresses();
else await main();
