/** Events of a batch (codec version 1): time as in readings, the rest as JSON. */
import { type AgentEvent, EVENT_KINDS, type EventKind, type Json } from '../../core/record.ts';
import { type ByteReader, type ByteWriter, damaged } from './bytes.ts';

const TICKS = 10;
const SEVERITIES: readonly AgentEvent['severity'][] = ['info', 'warning', 'alarm'];

export function writeEvents(writer: ByteWriter, events: readonly AgentEvent[]): void {
  let before = 0;
  for (const { time, event, severity, device, body } of events) {
    const ticks = Math.round(time * TICKS);
    writer.signed(ticks - before);
    before = ticks;
    writer.text(
      JSON.stringify(device === undefined ? [event, severity, body] : [event, severity, body, device]),
    );
  }
}

export function readEvents(reader: ByteReader, count: number): AgentEvent[] {
  const events: AgentEvent[] = [];
  let before = 0;
  for (let i = 0; i < count; i++) {
    before += reader.signed();
    events.push(parse(reader.text(), before / TICKS));
  }
  return events;
}

function parse(text: string, time: number): AgentEvent {
  let parts: unknown;
  try {
    parts = JSON.parse(text);
  } catch {
    throw damaged('an event that is no JSON');
  }
  if (!Array.isArray(parts)) throw damaged('an event of another shape');
  const [event, severity, body, device] = parts as unknown[];
  const kind = EVENT_KINDS.find((known) => known === event);
  const level = SEVERITIES.find((known) => known === severity);
  if (kind === undefined || level === undefined || typeof body !== 'object' || body === null)
    throw damaged('an event of another shape');
  const facts: {
    event: EventKind;
    severity: AgentEvent['severity'];
    time: number;
    body: AgentEvent['body'];
  } = {
    event: kind,
    severity: level,
    time,
    body: body as { [key: string]: Json },
  };
  return typeof device === 'string' ? { ...facts, device } : facts;
}
