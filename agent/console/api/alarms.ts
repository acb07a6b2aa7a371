/** Routes of alarms: what stands, what was told, what somebody does to one, the test of a help button. */
import type { AlarmActs, AlarmAnswer, AlarmRow, AlarmStatus } from '../../core/alarm/alarm.ts';
import * as shape from './alarm-contract.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { Problem } from './problem.ts';
import type { Services } from './services.ts';

/** Rows of the history where none are asked for. */
const DEFAULT_LIMIT = 100;

export function alarmEndpoints({ view, log }: Services): Endpoint[] {
  const asked = (): AlarmActs => {
    if (view.alarms !== undefined) return view.alarms;
    throw new Problem(404, 'not-found', 'this site has no alarms', {
      fix: 'write a section alarms: into the site file (docs/alarms.md)',
    });
  };
  const buttons = () => (view.site.alarms?.sos ?? []).map(({ id }) => id);
  return [
    endpoint({
      method: 'GET',
      path: '/alarms',
      role: 'viewer',
      summary: 'All alarms of the site with the state of each, in the order of the site file.',
      answer: shape.alarms,
      run: async () => ({
        now: Math.round(view.now()),
        counts: { ...asked().counts() },
        alarms: asked()
          .rows()
          .map((row) => alarmRow(row, buttons())),
      }),
    }),
    endpoint({
      method: 'GET',
      path: '/alarms/told',
      role: 'viewer',
      summary: 'What was told of alarms, newest first, from the log.',
      query: shape.toldQuery,
      answer: shape.alarmsTold,
      run: async ({ query: { limit = DEFAULT_LIMIT } }) => {
        const told = await asked().recent(limit);
        return { told: told.map((one) => ({ ...one, status: statusRow(one.status) })) };
      },
    }),
    endpoint({
      method: 'POST',
      path: '/alarms/:alarm/acts',
      role: 'technician',
      summary:
        'Acknowledges, resets or shelves an alarm, or puts it out of service; answers when it is durable.',
      params: shape.alarmParams,
      body: shape.actBody,
      answer: shape.alarmStatus,
      problems: [404, 409, 413, 415],
      run: async ({ params: { alarm }, body: { act, name, note, for_s }, who }) => {
        const person = who.kind === 'session';
        if (person && name === undefined) {
          throw new Problem(400, 'malformed', 'body.name: the name of the person is needed');
        }
        log.info('console.alarm', { alarm, act, by: who.name, ...(name === undefined ? {} : { name }) });
        const answer = await asked().act({
          act,
          alarm,
          by: who.name,
          person,
          ...(name === undefined ? {} : { name }),
          ...(note === undefined ? {} : { note }),
          ...(for_s === undefined ? {} : { duration: for_s * 1000 }),
        });
        return statusRow(statusIn(answer));
      },
    }),
    endpoint({
      method: 'POST',
      path: '/sos/:sos/test',
      role: 'technician',
      summary: 'Tests a help button: its contact, and its outputs on and off for a moment.',
      params: shape.sosParams,
      answer: shape.sosTest,
      problems: [404, 413, 415],
      run: async ({ params: { sos }, who }) => {
        log.info('console.sos_test', { sos, by: who.name });
        const test = await asked().test(sos, who.name);
        if (test === undefined) throw new Problem(404, 'not-found', `there is no help button ${sos}`);
        return { ...test, failed: [...test.failed] };
      },
    }),
  ];
}

const STATUS = { 'unknown-alarm': 404, 'not-allowed': 403, 'wrong-state': 409, malformed: 400 } as const;

function statusIn(answer: AlarmAnswer): AlarmStatus {
  if (answer.ok) return answer.status;
  throw new Problem(STATUS[answer.code], answer.code, answer.reason);
}

function alarmRow({ definition, status }: AlarmRow, buttons: readonly string[]): shape.ApiAlarm {
  const { title, advice, basis, group, acknowledgedBy, latching, shelving } = definition;
  return {
    title,
    ...(advice === undefined ? {} : { advice }),
    ...(basis === undefined ? {} : { basis }),
    ...(group === undefined ? {} : { group }),
    acknowledged_by: acknowledgedBy,
    latching,
    shelving_s: shelving / 1000,
    button: buttons.includes(definition.id),
    status: statusRow(status),
  };
}

function statusRow({ suppresses, ...status }: AlarmStatus): shape.ApiAlarm['status'] {
  return { ...status, ...(suppresses === undefined ? {} : { suppresses: [...suppresses] }) };
}
