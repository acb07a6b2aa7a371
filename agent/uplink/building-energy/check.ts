/** What can be said of the settings of this uplink without a connection: codes, keys, units. */

import { buildingCode, energyCode, energyCodeParts } from '../../core/energy/codes.ts';
import type { Issue } from '../../core/profile.ts';
import type { BuildingEnergyUplinkConfig } from '../../core/site.ts';
import { keyBytes } from './cipher.ts';
import { platformOf } from './platform.ts';
import { published } from './published.ts';

/** Paths are those of the site file below the uplink's own key. Secrets that are empty text were not resolved. */
export function issuesOf(config: BuildingEnergyUplinkConfig): readonly Issue[] {
  const platform = platformOf(config.platform, config.settings);
  const issues: Issue[] = [...secretIssues(config)];
  const say = (path: Issue['path'], message: string, fix: string) => issues.push({ path, message, fix });
  if (platform.nationalBuilding) {
    const building = buildingCode(config.building);
    if (typeof building === 'string') {
      say(
        ['building'],
        `${building}, got "${config.building}"`,
        'write the code of the city, or national_building: false',
      );
    }
  }
  const taken = new Set<string>();
  config.meters.forEach((meter, m) => {
    meter.functions.forEach(({ id, code }, f) => {
      const at = ['meters', m, 'functions', f];
      const name = `${meter.id} ${id} ${code ?? ''}`;
      if (taken.has(name))
        say(
          [...at, 'id'],
          `meter ${meter.id} has this function and code already`,
          'write another id or code',
        );
      taken.add(name);
      if (code === undefined) {
        if (platform.errors !== undefined)
          say([...at, 'code'], 'missing: expected an energy code', 'write code: 01A00');
        return;
      }
      const parts = energyCodeParts(code);
      if (typeof parts === 'string')
        say([...at, 'code'], `${parts}, got "${code}"`, 'write the code of the platform');
      else if (energyCode(code, config.codes) === undefined && config.moreCodes[code] === undefined) {
        say(
          [...at, 'code'],
          `the code ${code} is not in the ${config.codes} tree`,
          `write codes: local, or more_codes: { ${code}: its name }`,
        );
      }
    });
  });
  return issues;
}

function secretIssues(config: BuildingEnergyUplinkConfig): readonly Issue[] {
  const { cipher } = platformOf(config.platform, config.settings);
  const issues: Issue[] = [];
  const given = {
    key: config.key,
    iv: config.iv,
    secret: config.secret,
    next_key: config.nextKey,
    next_secret: config.nextSecret,
  };
  for (const [name, text] of Object.entries(given)) {
    if (text === undefined || text === '') continue;
    const why = published(text);
    if (why !== undefined) {
      issues.push({
        path: [name],
        message: `what it refers to ${why}`,
        fix: 'ask the operator of the centre for one of your own',
      });
    }
    if (name.endsWith('secret')) continue;
    if (keyBytes(text) === undefined) {
      const message = `expected 16 characters or 32 hex digits behind the reference, got ${text.length} characters`;
      issues.push({ path: [name], message, fix: 'check what was copied, also blanks and line ends' });
    }
  }
  if (cipher.mode !== 'none' && config.key === undefined) {
    issues.push({
      path: ['key'],
      message: 'missing: expected the key of the encryption',
      fix: `write key: \${env:ENERGY_KEY}`,
    });
  }
  if (cipher.mode === 'cbc' && cipher.iv === 'own' && config.iv === undefined) {
    issues.push({
      path: ['iv'],
      message: 'missing: start: own needs iv',
      fix: `write iv: \${env:ENERGY_IV}`,
    });
  }
  if (config.secret === undefined) {
    issues.push({
      path: ['secret'],
      message: 'missing: expected the secret of the login',
      fix: `write secret: \${env:ENERGY_SECRET}`,
    });
  }
  return issues;
}
