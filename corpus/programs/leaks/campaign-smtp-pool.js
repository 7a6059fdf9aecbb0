'use strict';

/** Mails campaigns through a pooled transport each; no pool is closed, so its connections stay. */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const nodemailer = require('nodemailer');
const { SMTPServer } = require('smtp-server');
const { pace } = require('../../support/pace');

const CAMPAIGNS_PER_SECOND = 5;
const MAILS = 3;

/** The mail server, in a process of its own; ends with the one that started it. */
function serveMail() {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    onData: (stream, _session, done) => stream.resume().once('end', done),
  });
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.server.address().port}\n`));
  process.stdin.resume().once('end', () => process.exit(0));
}

async function startMailServer() {
  const child = spawn(process.execPath, [__filename, 'serve'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  return Number(line);
}

async function runCampaign(port, campaign) {
  const transport = nodemailer.createTransport({
    pool: true,
    maxConnections: 1,
    host: '127.0.0.1',
    port,
    ignoreTLS: true,
  });
  let accepted = 0;
  for (let n = 0; n < MAILS; n += 1) {
    const info = await transport.sendMail({
      from: 'news@example.test',
      to: `reader-${campaign}-${n}@example.test`,
      subject: `Campaign ${campaign}`,
      text: 'There is something new.',
    });
    accepted += info.accepted.length;
  }
  return accepted;
}

async function main() {
  const port = await startMailServer();
  const results = { campaigns: 0, accepted: 0 };
  await pace(CAMPAIGNS_PER_SECOND, (campaign) => {
    runCampaign(port, campaign).then((accepted) => {
      results.campaigns += 1;
      results.accepted += accepted;
    });
  });
  process.exit(0);
}

if (process.argv[2] === 'serve') serveMail();
else main();
