/** JSON Schemas for editors, made from the zod schemas; docs/schemas holds copies that a test keeps current. */
import * as z from 'zod';
import { profileSchema } from './device/profile.ts';
import { siteSchema } from './schema.ts';

type Json = Readonly<Record<string, unknown>>;

/** Of site.yaml, as it is written. */
export function siteJsonSchema(): Json {
  return { ...made(siteSchema), title: 'Kerbside site.yaml' };
}

/** Of a device profile. Blocks named like the protocol belong to the driver, so further keys are open. */
export function profileJsonSchema(): Json {
  const schema = made(profileSchema);
  const properties = schema.properties as Readonly<Record<string, Json>>;
  const points = properties.points as Json;
  const items = { ...(points.items as Json), additionalProperties: true };
  return {
    ...schema,
    title: 'Kerbside device profile',
    properties: { ...properties, points: { ...points, items } },
    additionalProperties: true,
  };
}

/** The same with `expected`: what each single value takes, in the words of its error message. For the reference. */
export function siteSchemaWithWords(): Json {
  return z.toJSONSchema(siteSchema, { io: 'input', unrepresentable: 'any' }) as Json;
}

function made(schema: z.core.$ZodType): Json {
  const override: z.core.ToJSONSchemaParams['override'] = ({ jsonSchema }) => {
    delete (jsonSchema as { expected?: string }).expected;
  };
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', override }) as Json;
}
