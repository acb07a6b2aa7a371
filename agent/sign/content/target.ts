/**
 * Displays as targets of commands: every display has a point `message` that takes the wish for a signed template as JSON,
 * `{"template":"delay","fields":{"line":7,"minutes":12},"priority":5,"seconds":600}`. `seconds: 0` takes it away again.
 * Whatever else the text is, it is refused, and nothing of it is shown.
 */
import * as z from 'zod';
import type { Content } from '../../core/content/content.ts';
import type { WriteOutcome } from '../../core/driver.ts';
import type { Point } from '../../core/point.ts';
import { good, type Value } from '../../core/reading.ts';
import type { Clock } from '../../core/time/clock.ts';

export const MESSAGE_POINT: Point = {
  id: 'message',
  title: { en: 'Signed message shown', zh: '显示的签名消息' },
  type: 'string',
  unit: '1',
  access: 'write',
  aggregation: 'last',
  lane: 'event',
};

const wish = z.strictObject({
  template: z.string().max(64),
  fields: z.record(z.string().max(32), z.union([z.number(), z.string().max(64)])).optional(),
  priority: z.int().min(1).max(9).optional(),
  seconds: z.number().min(0).max(604_800),
});

/** Shows what a command asks for on `display`; as drivers answer writes. Never throws. */
export function writeMessage(content: Content, clock: Clock, display: string, value: Value): WriteOutcome {
  const asked = wish.safeParse(parsed(value));
  if (!asked.success) {
    const place = asked.error.issues[0]?.path.map(String).join('.') ?? '';
    return rejected(
      `expected JSON with template, fields, priority and seconds${place === '' ? '' : ` (see ${place})`}`,
    );
  }
  const { template, fields = {}, priority = 1, seconds } = asked.data;
  const id = `command-${display}-${template}`;
  const done: WriteOutcome = {
    kind: 'done',
    readback: good({ device: display, point: MESSAGE_POINT.id, unit: '1' }, value, clock.mono()),
  };
  if (seconds === 0) {
    return content.withdraw(id) ? done : rejected('no message of that template is shown here by a command');
  }
  const outcome = content.showMessage({
    template,
    fields,
    priority,
    ttl: seconds * 1000,
    issuer: 'command',
    display,
    id,
  });
  return outcome.shown ? done : rejected(`${outcome.code}: ${outcome.reason}`);
}

function parsed(value: Value): unknown {
  try {
    return typeof value === 'string' ? JSON.parse(value) : undefined;
  } catch {
    return undefined;
  }
}

function rejected(reason: string): WriteOutcome {
  return { kind: 'rejected', reason };
}
