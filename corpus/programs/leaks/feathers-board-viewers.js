'use strict';

/**
 * A board of tickets as a Feathers service. A viewer who logs out stops listening to the service; one
 * whose connection is lost, one in four, is only taken from the list of those present.
 */

const { feathers } = require('@feathersjs/feathers');
const { pace } = require('../../support/pace');

const VIEWERS_PER_SECOND = 60;
const PRESENT = 25;
const TICKETS = 80;

class Tickets {
  constructor() {
    this.tickets = Array.from({ length: TICKETS }, (_, id) => ({
      id,
      title: `Ticket ${id}`,
      votes: 0,
    }));
  }

  async get(id) {
    return this.tickets[id];
  }

  async patch(id, data) {
    Object.assign(this.tickets[id], data);
    return this.tickets[id];
  }
}

class Viewer {
  constructor(app, name) {
    this.service = app.service('tickets');
    this.name = name;
    this.unread = new Set();
    this.onPatched = (ticket) => {
      if (this.unread.size < 10) this.unread.add(ticket.id);
    };
    this.service.on('patched', this.onPatched);
  }

  logOut() {
    this.service.off('patched', this.onPatched);
    this.unread.clear();
  }
}

async function main() {
  const app = feathers();
  app.use('tickets', new Tickets());
  app.service('tickets').setMaxListeners(0);
  app.service('tickets').hooks({
    before: {
      patch: [
        async (context) => {
          context.data = { ...context.data, changed: Date.now() };
        },
      ],
    },
  });
  const present = new Map();

  function leave() {
    const [name, viewer] = present.entries().next().value;
    present.delete(name);
    const connectionLost = Number(name.slice(7)) % 4 === 0;
    if (!connectionLost) viewer.logOut();
  }

  await pace(VIEWERS_PER_SECOND, (n) => {
    present.set(`viewer-${n}`, new Viewer(app, `viewer-${n}`));
    if (present.size > PRESENT) leave();
    if (n % 10 === 0) app.service('tickets').patch(n % TICKETS, { votes: n });
  });
}

main();
