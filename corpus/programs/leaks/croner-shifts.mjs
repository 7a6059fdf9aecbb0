/** Shifts of a ward: croner calls who is on duty, toad-scheduler takes their pulse and keeps the job of each shift. */

import { Cron } from 'croner';
import toad from 'toad-scheduler';
import pacing from '../../support/pace.js';

const { SimpleIntervalJob, Task, ToadScheduler } = toad;

const SHIFTS_PER_SECOND = 12;
const SHIFT_MS = 2_000;

class Ward {
  scheduler = new ToadScheduler();
  shifts = new Map();
  counted = { calls: 0, pulses: 0, ended: 0 };

  begin(id) {
    const name = `shift-${id}`;
    const call = new Cron('* * * * * *', { name, context: { id, called: 0 } }, (_job, shift) => {
      shift.called += 1;
      this.counted.calls += 1;
    });
    const pulse = new Task(name, () => {
      this.counted.pulses += 1;
    });
    this.scheduler.addSimpleIntervalJob(
      new SimpleIntervalJob({ milliseconds: 250 }, pulse, { id: name }),
    );
    const end = new Cron(new Date(Date.now() + SHIFT_MS), () => this.end(id));
    this.shifts.set(id, { name, call, end, notes: [] });
  }

  end(id) {
    const { name, call, end } = this.shifts.get(id);
    call.stop();
    end.stop();
    this.scheduler.removeById(name);
    this.shifts.delete(id);
    this.counted.ended += 1;
  }

  close() {
    for (const id of [...this.shifts.keys()]) this.end(id);
    this.scheduler.stop();
  }
}

const ward = new Ward();
await pacing.pace(SHIFTS_PER_SECOND, (id) => ward.begin(id));
ward.close();
