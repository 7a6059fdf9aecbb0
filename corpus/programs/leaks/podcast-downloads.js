'use strict';

/**
 * A podcast's server pipes files into its responses. Who stops an episode after its first second closes
 * the connection, and the response with it; the file that was piped into it stays open.
 */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const { pace } = require('../../support/pace');

const REQUESTS_PER_SECOND = 20;
const EPISODE_BYTES = 48 * 1024 * 1024;
const COVER_BYTES = 20_000;

/** The listeners, in a process of their own: every fourth starts an episode and stops it at once. */
async function listen(port) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 10 });
  process.stdin.resume().once('end', () => process.exit(1));
  await pace(REQUESTS_PER_SECOND, (n) => {
    const episode = n % 4 === 0;
    const url = `http://127.0.0.1:${port}/${episode ? 'episode.mp3' : 'cover.jpg'}`;
    const request = http.get(url, { agent: episode ? undefined : agent }, (response) => {
      if (episode) response.once('data', () => request.destroy());
      else response.resume();
    });
    request.on('error', () => {});
  });
  process.exit(0);
}

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'podcast-'));
  process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  fs.writeFileSync(path.join(folder, 'cover.jpg'), Buffer.alloc(COVER_BYTES, 7));
  fs.writeFileSync(path.join(folder, 'episode.mp3'), '');
  fs.truncateSync(path.join(folder, 'episode.mp3'), EPISODE_BYTES);

  const served = { cover: 0, episode: 0 };
  const server = http.createServer((request, response) => {
    const name = path.basename(request.url);
    const file = fs.createReadStream(path.join(folder, name));
    served[name.split('.')[0]] += 1;
    file.on('error', () => response.writeHead(404).end());
    response.setHeader('content-type', name.endsWith('.mp3') ? 'audio/mpeg' : 'image/jpeg');
    file.pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const listeners = spawn(
    process.execPath,
    [__filename, 'listeners', String(server.address().port)],
    { stdio: ['pipe', 'inherit', 'inherit'] },
  );
  const [code] = await once(listeners, 'exit');
  process.exit(code === 0 && served.episode > 0 && served.cover > 0 ? 0 : 1);
}

if (process.argv[2] === 'listeners') listen(Number(process.argv[3]));
else main();
