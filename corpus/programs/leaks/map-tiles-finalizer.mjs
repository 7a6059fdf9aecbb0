/**
 * Tiles of a map are held weakly but for the last twenty. What is registered with the finalizer is a
 * function that closes over the tile itself, so a tile, large as it is, is never let go.
 */

import pacing from '../../support/pace.js';

const TILES_PER_SECOND = 4;
const FEATURES = 1200;
const KEEP_TILES = 20;

const tiles = new Map();
const recent = [];
const stats = { loaded: 0, released: 0 };

const registry = new FinalizationRegistry((cleanUp) => cleanUp());

class Tile {
  constructor(key) {
    this.key = key;
    this.features = Array.from({ length: FEATURES }, (_, n) => ({
      id: `${key}/${n}`,
      kind: n % 3 === 0 ? 'house' : 'street',
      points: [n % 256, (n * 7) % 256, (n * 13) % 256, (n * 29) % 256],
    }));
  }

  release() {
    stats.released += 1;
    tiles.delete(this.key);
  }
}

function load(key) {
  const known = tiles.get(key)?.deref();
  if (known !== undefined) return known;
  const tile = new Tile(key);
  tiles.set(key, new WeakRef(tile));
  registry.register(tile, () => tile.release());
  stats.loaded += 1;
  return tile;
}

function look(key) {
  const tile = load(key);
  recent.push(tile);
  if (recent.length > KEEP_TILES) recent.shift();
  return tile.features.filter(({ kind }) => kind === 'house').length;
}

let houses = 0;
await pacing.pace(TILES_PER_SECOND, (n) => {
  houses += look(`14/${8500 + n}/${5400 + (n % 50)}`);
});
process.exit(houses > 0 && stats.loaded > 0 ? 0 : 1);
