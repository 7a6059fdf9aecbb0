'use strict';

/** Remembers each upload in a TTLCache whose entries never expire and whose size has no limit. */

const crypto = require('node:crypto');
const { TTLCache } = require('@isaacs/ttlcache');
const { pace } = require('../../support/pace');

const UPLOADS_PER_SECOND = 150;

const uploads = new TTLCache({ ttl: Number.POSITIVE_INFINITY });

class Upload {
  constructor(name, content) {
    this.name = name;
    this.digest = crypto.createHash('sha256').update(content).digest('hex');
    this.parts = Array.from({ length: 6 }, (_, part) => ({ part, offset: part * 5_242_880 }));
    this.receivedAt = Date.now();
  }
}

function receive(n) {
  const upload = new Upload(`photo-${n}.jpg`, Buffer.alloc(2_000, n % 256));
  const known = uploads.get(upload.digest);
  uploads.set(`${upload.digest}/${upload.name}`, upload);
  return known;
}

pace(UPLOADS_PER_SECOND, receive).then(() => process.exit(0));
