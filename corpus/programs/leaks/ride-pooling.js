'use strict';

/**
 * Riders share a car by zone and minute of departure: the fourth makes it leave, and all four promises
 * are settled. Those who do not fill a car wait on when their minute is over.
 */

const { pace } = require('../../support/pace');

const RIDERS_PER_SECOND = 50;
const ZONES = 4;
const SEATS = 4;
/** A minute of the day, as the simulation has it. */
const MINUTE_MS = 700;

class Pool {
  #cars = new Map();

  /** @returns {Promise<{ car: string, riders: object[] }>} */
  join(rider) {
    const key = `${rider.zone}@${rider.minute}`;
    return new Promise((resolve) => {
      const seats = this.#cars.get(key) ?? [];
      seats.push({ rider, resolve });
      this.#cars.set(key, seats);
      if (seats.length === SEATS) this.#leave(key, seats);
    });
  }

  #leave(key, seats) {
    this.#cars.delete(key);
    const riders = seats.map(({ rider }) => rider);
    for (const { resolve } of seats) resolve({ car: key, riders });
  }
}

async function ride(pool, rider, trips) {
  const { riders } = await pool.join(rider);
  trips.shared += 1;
  trips.cents += Math.round(rider.fare / riders.length);
}

async function main() {
  const pool = new Pool();
  const trips = { shared: 0, cents: 0 };
  const start = performance.now();
  await pace(RIDERS_PER_SECOND, (n) => {
    const rider = {
      id: `rider-${n}`,
      zone: Math.floor(Math.random() * ZONES),
      minute: Math.floor((performance.now() - start) / MINUTE_MS),
      fare: 900 + (n % 700),
      stops: [`stop ${n % 80}`, `stop ${(n * 3) % 80}`],
    };
    ride(pool, rider, trips);
  });
  process.exit(trips.shared > 0 ? 0 : 1);
}

main();
