/** What people, flows and cities do to alarms, and when they may not. */
import type { AlarmAnswer, AlarmChange, AlarmDeed, AlarmRequest } from '../../core/alarm/alarm.ts';
import type { Alarm, Moment } from './alarm.ts';

/** Longest name and note, characters. */
const LONGEST = { name: 64, note: 500 } as const;

type Done = { readonly ok: true; readonly change: AlarmChange } | Extract<AlarmAnswer, { ok: false }>;

/** Does it to the alarm, or says why not. `rate`: wall time per monotonic time. */
export function carryOut(alarm: Alarm, request: AlarmRequest, at: Moment, rate: number): Done {
  const { id, acknowledgedBy } = alarm.definition;
  const wrong = malformed(request);
  if (wrong !== undefined) return refusal('malformed', wrong);
  if (acknowledgedBy === 'person' && !request.person) {
    return refusal(
      'not-allowed',
      `${id} wants a person who has seen it: ${request.by} is none, or gives no name`,
    );
  }
  const deed = deedOf(request, at);
  const change = apply(alarm, request, deed, at, rate);
  return typeof change === 'string'
    ? { ok: true, change }
    : (change ?? refusal('wrong-state', whyNot(alarm, request)));
}

function apply(
  alarm: Alarm,
  { act, duration }: AlarmRequest,
  deed: AlarmDeed,
  at: Moment,
  rate: number,
): AlarmChange | Extract<AlarmAnswer, { ok: false }> | undefined {
  switch (act) {
    case 'acknowledge':
      return alarm.acknowledge(deed);
    case 'reset':
      return alarm.reset(deed);
    case 'unshelve':
      return alarm.unshelve(at);
    case 'out-of-service':
      return alarm.outOfService(deed);
    case 'in-service':
      return alarm.inService(at);
    case 'shelve': {
      const { id, shelving } = alarm.definition;
      if (shelving === 0) return refusal('not-allowed', `${id} must not be shelved`);
      if (duration === undefined) return refusal('malformed', 'duration: expected how long it is shelved');
      if (duration > shelving) {
        return refusal(
          'not-allowed',
          `${id} can be shelved for ${Math.round(shelving / 60_000)} min at most`,
        );
      }
      return alarm.shelve({ ...deed, until: at.wall + duration }, at, duration / rate);
    }
  }
}

function malformed({ act, name, note, duration }: AlarmRequest): string | undefined {
  if (name !== undefined && name.length > LONGEST.name)
    return `name: expected at most ${LONGEST.name} characters`;
  if (note !== undefined && note.length > LONGEST.note)
    return `note: expected at most ${LONGEST.note} characters`;
  // Whoever finds an alarm silenced must be able to read why (ISA-18.2 §11.7, §11.8).
  if ((act === 'shelve' || act === 'out-of-service') && (note ?? '').trim() === '')
    return 'note: expected a reason';
  if (duration !== undefined && !(duration > 0)) return 'duration: expected milliseconds above 0';
  return undefined;
}

function whyNot(alarm: Alarm, { act }: AlarmRequest): string {
  const { alarm: id, state, active } = alarm.status;
  if (act === 'reset' && active) return `the condition of ${id} is still met`;
  return `${id} is ${state}: there is nothing to ${act === 'in-service' ? 'put into service' : act}`;
}

function deedOf({ by, name, note }: AlarmRequest, at: Moment): AlarmDeed {
  return {
    by,
    ...(name === undefined ? {} : { name: name.trim() }),
    ...(note === undefined ? {} : { note: note.trim() }),
    at: at.wall,
  };
}

function refusal(code: Extract<AlarmAnswer, { ok: false }>['code'], reason: string) {
  return { ok: false, code, reason } as const;
}
