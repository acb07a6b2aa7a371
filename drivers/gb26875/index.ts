/**
 * Fire panels and user transmission devices that send GB/T 26875.3 to us. The agent listens beside the certified
 * transmission device; it does not replace it.
 */
import { defineDriver } from '../../agent/core/driver.ts';
import type { Issue } from '../../agent/core/profile.ts';
import { convert } from '../../agent/core/unit.ts';
import { schemaIssues } from '../issues.ts';
import { lineIssues } from '../own-line.ts';
import {
  COMMAND_FIELDS,
  deviceSchema,
  type Field,
  optionsSchema,
  STATE_FIELDS,
  wireSchema,
} from './schema.ts';
import { open, optionsOf } from './session.ts';
import { analogueScale } from './told.ts';

export default defineDriver({
  protocol: 'gb26875',
  kind: 'stream',
  checkProfile(profile) {
    const issues: Issue[] = [...schemaIssues(optionsSchema, profile.options ?? {}, ['gb26875'])];
    profile.points.forEach((point, i) => {
      const at = ['points', i, 'gb26875'];
      const found = schemaIssues(wireSchema, point.wire, at);
      issues.push(...found);
      if (found.length > 0) return;
      const wire = wireSchema.parse(point.wire);
      const type = typeOf(wire.field);
      if (point.type !== type) {
        issues.push({
          path: ['points', i, 'type'],
          message: `expected ${type} for ${wire.field}, got ${point.type}`,
        });
      }
      if (COMMAND_FIELDS.includes(wire.field) !== (point.access !== 'read')) {
        const message = `expected access of ${COMMAND_FIELDS.includes(wire.field) ? 'read-write' : 'read'}`;
        issues.push({ path: ['points', i, 'access'], message });
      }
      if (wire.field !== 'analogue') return;
      const scale = analogueScale(wire, point.unit);
      if (scale === undefined) {
        issues.push({
          path: at,
          message: `expected step for kind ${wire.analogueType}, which is a vendor's`,
        });
        return;
      }
      try {
        convert(1, scale[1], point.unit);
      } catch {
        const message = `expected ${scale[1]} or what it converts to, got ${point.unit}`;
        issues.push({ path: ['points', i, 'unit'], message });
      }
    });
    return issues;
  },
  checkDevice: (device, line) => lineIssues(device, line, deviceSchema),
  staleAfter: (device) => optionsOf(device).silence,
  open,
});

function typeOf(field: Field): 'number' | 'boolean' | 'string' {
  if (field === 'analogue' || field === 'dutyCheck') return 'number';
  const states: readonly string[] = STATE_FIELDS;
  const flags: readonly Field[] = ['alive', 'dutyAnswer', 'setClock', 'initialise'];
  return states.includes(field) || flags.includes(field) ? 'boolean' : 'string';
}
