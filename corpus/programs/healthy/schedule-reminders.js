'use strict';

/** Reminders on node-schedule: each is a job of its own that fires within two seconds or is cancelled; two standing jobs tick each second. */

const schedule = require('node-schedule');
const { pace } = require('../../support/pace');

const sent = { reminders: 0, cancelled: 0, digests: 0 };
const pending = new Map();
let outbox = [];

function remind(appointment) {
  const at = new Date(Date.now() + 400 + ((appointment.id * 97) % 1_500));
  const job = schedule.scheduleJob(`reminder-${appointment.id}`, at, () => {
    pending.delete(appointment.id);
    outbox.push(`Dear ${appointment.who}, do not forget ${appointment.what}`);
    sent.reminders += 1;
  });
  pending.set(appointment.id, job);
}

function cancel(id) {
  const job = pending.get(id);
  if (job === undefined) return;
  pending.delete(id);
  job.cancel();
  sent.cancelled += 1;
}

async function main() {
  const digest = schedule.scheduleJob('digest', '* * * * * *', () => {
    sent.digests += outbox.length;
    outbox = [];
  });
  const health = schedule.scheduleJob('health', { second: new schedule.Range(0, 59, 1) }, () => {
    if (pending.size > 1_000) process.exitCode = 1;
  });
  await pace(40, (n) => {
    remind({ id: n, who: `patient ${n % 900}`, what: `the dentist at ${8 + (n % 10)}` });
    // Every third one is called off shortly after it was made.
    if (n % 3 === 0) cancel(n - 6);
  });
  digest.cancel();
  health.cancel();
  for (const id of [...pending.keys()]) cancel(id);
  await schedule.gracefulShutdown();
}

main();
