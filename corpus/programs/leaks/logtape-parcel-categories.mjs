/** Parcels logged with LogTape; each has a logger of its own, named by the parcel's number. */

import { configure, getLogger } from '@logtape/logtape';
import pacing from '../../support/pace.js';

const PARCELS_PER_SECOND = 60;
const STATIONS = ['counter', 'van', 'depot', 'door'];

const lines = { count: 0, characters: 0 };

await configure({
  sinks: {
    collector: ({ category, level, message }) => {
      lines.count += 1;
      lines.characters += `${level} ${category.join('.')} ${message.join('')}`.length;
    },
  },
  loggers: [
    { category: 'parcels', sinks: ['collector'], lowestLevel: 'info' },
    { category: ['logtape', 'meta'], sinks: [], lowestLevel: 'error' },
  ],
});

async function deliver(number) {
  const log = getLogger(['parcels', `parcel-${number}`]);
  for (const station of STATIONS) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    log.info('at the {station}', { station });
  }
}

await pacing.pace(PARCELS_PER_SECOND, (number) => {
  deliver(number);
});
process.exit(lines.count > 0 ? 0 : 1);
