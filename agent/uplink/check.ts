/** What uplinks have to say of their settings without a connection; paths are those of the site file below the kind's key. */
import type { Issue } from '../core/profile.ts';
import type { UplinkConfig } from '../core/site.ts';
import { issuesOf } from './building-energy/check.ts';

export function uplinkIssues(config: UplinkConfig): readonly Issue[] {
  return config.kind === 'building-energy' ? issuesOf(config) : [];
}
