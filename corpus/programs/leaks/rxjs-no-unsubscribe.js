'use strict';

/** Devices on a dashboard subscribe to a stream of alarms; a device that is switched off stays subscribed. */

const { Subject, bufferCount, filter, map } = require('rxjs');
const { pace } = require('../../support/pace');

const DEVICES_PER_SECOND = 60;
const ALARMS_PER_SECOND = 10;

const alarms = new Subject();

class Device {
  constructor(zone) {
    this.zone = zone;
    this.shown = [];
  }

  switchOn() {
    alarms
      .pipe(
        filter((alarm) => alarm.zone === this.zone),
        map(({ text, at }) => `${at}: ${text}`),
        bufferCount(2),
      )
      .subscribe((lines) => {
        this.shown = lines;
      });
  }

  switchOff() {
    this.shown = [];
  }
}

const running = [];
let alarm = 0;

setInterval(() => {
  alarm += 1;
  alarms.next({ zone: alarm % 20, text: `smoke in zone ${alarm % 20}`, at: alarm });
}, 1000 / ALARMS_PER_SECOND);

pace(DEVICES_PER_SECOND, (n) => {
  const device = new Device(n % 20);
  device.switchOn();
  running.push(device);
  if (running.length > 40) running.shift().switchOff();
}).then(() => process.exit(0));
