/**
 * A kill at every write of every kind of change, before the write and behind it: the next start always finds one file that
 * runs, the old one or the new one, and after its watch the disk, the journal and what runs say the same.
 */
import { afterEach, describe, expect, test } from 'vitest';
import type { WriteWhole } from '../../../../agent/config/change/whole-file.ts';
import { EXTENDED, SECOND, STREET, Stand, TEMPLATES, writeQuick } from './stand.ts';

let stand: Stand | undefined;
afterEach(async () => {
  await stand?.[Symbol.asyncDispose]();
  stand = undefined;
});

/** Ends the process at write number `at`: nothing is written any more. */
function killed(at: number, behind: boolean): { readonly write: WriteWhole; readonly dead: () => boolean } {
  let count = 0;
  let dead = false;
  return {
    dead: () => dead,
    async write(file, text) {
      count += 1;
      if (count < at || (count === at && behind)) await writeQuick(file, text);
      if (count < at) return;
      dead = true;
      // A dead process answers nothing: who waits for the write waits for ever.
      await new Promise<never>(() => {});
    },
  };
}

interface Scenario {
  readonly name: string;
  readonly prepare?: (stand: Stand) => void;
  readonly act: (stand: Stand) => Promise<unknown>;
  /** Where it is another one than `SECOND`. */
  readonly text?: string;
  /** State of the change where nobody kills. */
  readonly ends: string;
}

const worse = (to: Stand): void => {
  to.agent.state = (part, site) => (part === 'uplink:city' && site?.devices.length === 2 ? 'down' : 'ok');
};
const SCENARIOS: readonly Scenario[] = [
  { name: 'one that is kept', act: (to) => to.apply(SECOND), ends: 'kept' },
  { name: 'one that makes things worse', prepare: worse, act: (to) => to.apply(SECOND), ends: 'returned' },
  {
    name: 'one that brings a template',
    act: (to) => to.apply(EXTENDED, { templates: TEMPLATES }),
    text: EXTENDED,
    ends: 'kept',
  },
  {
    name: 'one that brings a template and makes things worse',
    prepare: worse,
    act: (to) => to.apply(EXTENDED, { templates: TEMPLATES }),
    text: EXTENDED,
    ends: 'returned',
  },
  {
    name: 'one the agent does not start with',
    prepare: (to) => {
      to.agent.crashesWith = 'meter-2';
    },
    act: (to) => to.apply(SECOND),
    ends: 'returned',
  },
  { name: 'an edit by hand', act: async (to) => to.edit(SECOND), ends: 'kept' },
  {
    name: 'an edit by hand that makes things worse',
    prepare: worse,
    act: async (to) => to.edit(SECOND),
    ends: 'returned',
  },
];

describe.each(SCENARIOS)('$name', ({ prepare, act, ends, text: wanted = SECOND }) => {
  test('killed at every write, before and behind it', { timeout: 60_000 }, async () => {
    let writes = 0;
    for (let at = 1; ; at++) {
      let ended = false;
      for (const behind of [false, true]) {
        await using one = new Stand(STREET);
        const kill = killed(at, behind);
        // The first start is over before the change: its own writes are not counted.
        await one.start();
        await one.stop();
        await one.start(kill.write);
        prepare?.(one);
        void act(one);
        const last = () => one.changes.history()[0];
        const over = () => last()?.id === 2 && last()?.state === ends && one.agent.told.includes(`2 ${ends}`);
        await one.until(() => kill.dead() || over(), 1000);
        if (!kill.dead()) {
          ended = true;
          // What its stop would write is not of the change.
          one.abandon();
          expect(one.text).toBe(ends === 'kept' ? wanted : STREET);
          continue;
        }
        one.abandon();
        const chosen = await one.start();
        if (!chosen.ok) throw new Error(JSON.stringify(chosen.problems));
        const runs = one.changes.state().text;
        expect([STREET, wanted]).toContain(runs);
        expect(one.text).toBe(runs);
        expect(one.agent.site).toBe(one.changes.site.site);
        // Whatever is open comes to an end, and then all say the same.
        await one.until(
          () =>
            one.changes.state().open === undefined &&
            one.agent.told.length > 0 === one.changes.history().length > 1,
          1000,
        );
        const { running, good, text } = one.changes.state();
        expect(good).toBe(running);
        expect(one.text).toBe(text);
        expect(['kept', 'returned', 'superseded']).toContain(last()?.state);
        if (ends === 'returned') expect(text).toBe(STREET);
      }
      if (ended) break;
      writes = at;
    }
    // Journal, revision, file, and the steps behind: a scenario that writes less has lost a step.
    expect(writes).toBeGreaterThanOrEqual(4);
  });
});
