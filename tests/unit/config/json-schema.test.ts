/** The JSON Schemas for editors: current, valid, and of one mind with the real check. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { profileJsonSchema, siteJsonSchema } from '../../../agent/config/json-schema.ts';
import { STREET } from './site-folder.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

describe('the JSON Schema', () => {
  test.each([
    ['docs/schemas/site.schema.json', siteJsonSchema, 'config schema'],
    ['docs/schemas/profile.schema.json', profileJsonSchema, 'config schema --profile'],
  ])('%s is current', (file, make, command) => {
    const current = JSON.parse(read(file));
    expect(current, `npm run -s kerbside -- ${command} > ${file}`).toEqual(
      JSON.parse(JSON.stringify(make())),
    );
  });

  test('takes a right site, refuses unknown keys and wrong values', () => {
    const validate = new Ajv2020({ strict: false, formats: { uri: true } }).compile(siteJsonSchema());
    const valid = (text: string) => validate(parse(text));
    expect(valid(STREET), JSON.stringify(validate.errors)).toBe(true);
    expect(valid(`${STREET}foo: 1\n`)).toBe(false);
    expect(valid(STREET.replace('port: /dev/ttyUSB0', 'port: /dev/ttyUSB0\n    baud: 9.6k'))).toBe(false);
    expect(valid(STREET.replace('address: 1', 'every: 10'))).toBe(false);
    expect(valid(`${STREET}log: { budget: 1MB2 }\n`)).toBe(false);
  });

  test('takes a built-in profile', () => {
    const validate = new Ajv2020({ strict: false }).compile(profileJsonSchema());
    const profile = parse(read('drivers/profiles/electricity-meter/eastron-sdm630.yaml'));
    expect(validate(profile), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...profile, points: [] })).toBe(false);
  });
});
