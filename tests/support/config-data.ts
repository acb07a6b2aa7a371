/** Changes of a site file as data, for tests of what stands on them: two in the history, the newer one watched. */
import type {
  ConfigAnswer,
  ConfigChange,
  ConfigChanges,
  ConfigCheck,
  ConfigProposal,
} from '../../agent/core/config-change.ts';

export const REVISION = '0123456789abcdef';
export const BEFORE = 'fedcba9876543210';
export const SITE_TEXT =
  'site:\n  id: demo-street\ndevices:\n  - id: meter-1\n    address: 1\ncameras:\n  - id: camera-1\n';

/** Unix epoch ms. */
const AT = Date.UTC(2026, 10, 28);

export interface ConfigData extends ConfigChanges {
  /** What was applied, newest last. */
  readonly applied: ConfigProposal[];
  /** Next answer of apply, return and end. */
  answer: ConfigAnswer | undefined;
}

export function configData(): ConfigData {
  const changes = (part: string, id: string) => [{ part: part as 'device', id, change: 'changed' as const }];
  const history: ConfigChange[] = [
    {
      id: 2,
      state: 'watching',
      from: BEFORE,
      to: REVISION,
      by: 'console:administrator',
      name: 'Li Na',
      why: 'another meter',
      at: AT,
      changes: changes('device', 'meter-1'),
      watch: 300_000,
      until: AT + 300_000,
      worse: ['uplink:city was ok and is down'],
    },
    {
      id: 1,
      state: 'kept',
      to: BEFORE,
      by: 'agent',
      why: 'first start',
      at: AT - 1000,
      ended: AT - 1000,
      changes: [],
      watch: 0,
    },
  ];
  const check = (text: string): ConfigCheck =>
    text.includes('wrong')
      ? {
          ok: false,
          revision: BEFORE,
          running: REVISION,
          problems: [
            {
              file: '/etc/kerbside/site.yaml',
              line: 4,
              column: 5,
              path: 'devices[0]',
              message: 'expected an id',
              fix: 'write one',
            },
          ],
        }
      : {
          ok: true,
          revision: BEFORE,
          running: REVISION,
          problems: [],
          patch: '--- a\n+++ b\n',
          changes: changes('device', 'meter-1'),
          budget: [{ line: 'rs485-1', before: 0.1, after: null }],
          stops: [{ part: 'device:meter-1', for: 200 }],
          trials: [
            {
              device: 'meter-1',
              title: { en: 'Meter' },
              result: 'answered',
              readings: [{ point: 'voltage', value: 230.1, unit: 'V' }],
            },
          ],
        };
  const done = (data: ConfigData): ConfigAnswer =>
    data.answer ?? { ok: true, change: history[0] as ConfigChange };
  const data: ConfigData = {
    applied: [],
    answer: undefined,
    state: () => ({
      file: '/etc/kerbside/site.yaml',
      running: REVISION,
      good: BEFORE,
      text: SITE_TEXT,
      watch: 300_000,
      ...(history[0] === undefined ? {} : { open: history[0] }),
      wrong: { since: AT, problems: check('wrong').problems },
    }),
    check: async ({ text }) => check(text),
    apply: async (proposal) => {
      data.applied.push(proposal);
      return done(data);
    },
    texts: () => [['/etc/kerbside/site.yaml', SITE_TEXT]],
    history: () => history,
    change: (id) => history.find((one) => one.id === id),
    patch: async () => '--- a\n+++ b\n-    address: 2\n+    address: 1\n',
    text: async (revision) => ([REVISION, BEFORE].includes(revision) ? SITE_TEXT : undefined),
    returnTo: async (_revision, author) => {
      data.applied.push({ ...author, text: SITE_TEXT });
      return done(data);
    },
    end: async () => done(data),
    onChange: () => ({ [Symbol.dispose]() {} }),
  };
  return data;
}
