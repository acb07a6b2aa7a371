/** Text panels on a serial line: rows of LEDs that are told what to show, and asked what they show. */
import { defineDriver } from '../../agent/core/driver.ts';
import type { Issue, Profile } from '../../agent/core/profile.ts';
import type { DeviceConfig, LineConfig } from '../../agent/core/site.ts';
import { schemaIssues, shown } from '../issues.ts';
import { lineIssues } from '../line-settings.ts';
import { deviceSchema, ITEMS, optionsSchema, wireSchema } from './schema.ts';
import { TextPanelSession } from './session.ts';

function checkProfile(profile: Profile): readonly Issue[] {
  const issues = [...schemaIssues(optionsSchema, profile.options ?? {}, ['text-panel'])];
  profile.points.forEach((point, i) => {
    const at = ['points', i, 'text-panel'];
    const found = schemaIssues(wireSchema, point.wire ?? {}, at);
    issues.push(...found);
    if (found.length > 0) return;
    const { item } = wireSchema.parse(point.wire);
    const { type, signed } = ITEMS[item];
    if (point.type !== type) {
      const message = `expected a ${type} point for ${item}, got ${point.type}`;
      issues.push({ path: ['points', i, 'type'], message, fix: `write type: ${type}` });
    }
    if (signed && point.access !== 'read' && point.signed !== true) {
      const message = `${item} is seen in public: expected signed: true, got ${shown(point.signed)}`;
      issues.push({ path: ['points', i, 'signed'], message, fix: 'write signed: true' });
    }
  });
  return issues;
}

function checkDevice(device: DeviceConfig, line: LineConfig): readonly Issue[] {
  const issues = [
    ...schemaIssues(deviceSchema, device.options, ['options']),
    ...lineIssues(line, 'text-panel'),
  ];
  const { address = 1 } = device;
  if (typeof address !== 'number' || address < 1 || address > 250) {
    const message = `expected an address from 1 to 250, got ${shown(address)}`;
    issues.push({ path: ['address'], message, fix: 'write address: 1' });
  }
  return issues;
}

export default defineDriver({
  protocol: 'text-panel',
  kind: 'polled',
  checkProfile,
  checkDevice,
  open: (context) => new TextPanelSession(context),
});
