/** Presets: what is published where, as data in presets/. Adding one is a file, its name in core/site.ts and a test. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';
import { AgentError } from '../../core/errors.ts';
import type { PresetName } from '../../core/site.ts';

/**
 * JSON with `{name}` in its texts and keys. A text that is one name alone becomes the value itself; a key whose value is
 * unknown is left out. `{ $devices: T }` is an object of `T` by device, `{ $readings: T }` a list of `T`.
 */
export type Template =
  | string
  | number
  | boolean
  | null
  | readonly Template[]
  | { readonly [key: string]: Template };

const template: z.ZodType<Template> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(template), z.record(z.string(), template)]),
);

const common = { topic: z.string().min(1), payload: template, retain: z.boolean().prefault(false) };

const presetSchema = z.strictObject({
  title: z.string(),
  /** Whether payload v1 is published too, with state, descriptions, gaps and commands. */
  plain: z.boolean(),
  messages: z.array(
    z.discriminatedUnion('on', [
      z.strictObject({
        on: z.literal('describe'),
        per: z.enum(['device', 'point']),
        /** Facts of the point that have to be so. */
        where: z.record(z.string(), z.string()).optional(),
        ...common,
      }),
      z.strictObject({
        on: z.literal('data'),
        per: z.enum(['message', 'reading']),
        stream: z.enum(['live', 'backlog']).optional(),
        ...common,
      }),
    ]),
  ),
});

export type Preset = z.output<typeof presetSchema>;

const loaded = new Map<PresetName, Preset>();

/** Throws `AgentError` `internal` where the file of the preset is wrong. */
export function presetOf(name: PresetName): Preset {
  let preset = loaded.get(name);
  if (preset === undefined) {
    try {
      const text = readFileSync(new URL(`./presets/${name}.yaml`, import.meta.url), 'utf8');
      preset = presetSchema.parse(parse(text));
    } catch (cause) {
      throw new AgentError('internal', `reading of preset ${name} failed: ${cause}`, { cause });
    }
    loaded.set(name, preset);
  }
  return preset;
}
