/** The OpenAPI 3.1 document of the local API, made of the same table that serves it. */
import { z } from 'zod';
import { DETECTIONS_HEADER } from './cameras.ts';
import * as contract from './contract.ts';
import type { Endpoint } from './endpoint.ts';

type Node = { [key: string]: unknown };

/** Refusals that every route can give. */
const ALWAYS = [400, 401, 403, 421, 500] as const;

const INFO = {
  title: 'Kerbside local API',
  description:
    'Read and watch the agent, send it commands. Programs show a bearer token; pages show the session cookie and the session key. Times are Unix epoch ms. New properties may appear in answers at any time.',
};

export function openApi(endpoints: readonly Endpoint[], info = INFO): Node {
  const schemas: Node = {};
  const schemaOf = (type: z.ZodType): Node => {
    const {
      $schema: _,
      $defs = {},
      ...schema
    } = z.toJSONSchema(type, { override: plainInteger }) as Node & { $defs?: Node };
    const moved = (node: unknown): Node =>
      JSON.parse(JSON.stringify(node).replaceAll('"#/$defs/', '"#/components/schemas/'));
    for (const [name, definition] of Object.entries($defs)) schemas[name] = moved(definition);
    return moved(named(type, schema, schemas));
  };
  schemaOf(z.object({ reading: contract.reading }));
  const problem = { 'application/problem+json': { schema: schemaOf(contract.problem) } };
  const paths: Record<string, Node> = {};
  for (const one of endpoints) {
    const path = one.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [one.method.toLowerCase()]: operation(one, schemaOf, problem) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: info.title,
      version: '1.0.0',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description: info.description,
    },
    servers: [{ url: '/api/v1' }],
    security: [{ token: [] }, { cookie: [], key: [] }],
    paths,
    components: {
      schemas,
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        cookie: { type: 'apiKey', in: 'cookie', name: 'kerbside_<agent>' },
        key: { type: 'apiKey', in: 'header', name: 'x-kerbside-key' },
      },
    },
  };
}

/** Leaves out bounds that only say what a JavaScript number can hold. */
function plainInteger({ jsonSchema }: { jsonSchema: { minimum?: number; maximum?: number } }): void {
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}

function operation(one: Endpoint, schemaOf: (type: z.ZodType) => Node, problem: Node): Node {
  const refusals = [...new Set([...ALWAYS, ...one.problems])].toSorted((a, b) => a - b);
  return {
    operationId: `${one.method.toLowerCase()}${one.path.replace(/[/:-]+(\w)/g, (_, char: string) => char.toUpperCase())}`,
    summary: one.summary,
    'x-role': one.role,
    ...(one.scope === undefined ? {} : { 'x-scope': one.scope }),
    ...security(one),
    parameters: [...parameters('path', one.params, schemaOf), ...parameters('query', one.query, schemaOf)],
    ...(one.method === 'POST'
      ? { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(one.body) } } } }
      : {}),
    responses: {
      200: { description: 'Done.', ...content(one, schemaOf) },
      ...Object.fromEntries(
        refusals.map((status) => [status, { description: 'Refused.', content: problem }]),
      ),
    },
  };
}

function security({ open, personOnly }: Endpoint): Node {
  if (open) return { security: [] };
  return personOnly ? { security: [{ cookie: [], key: [] }] } : {};
}

function content({ answer }: Endpoint, schemaOf: (type: z.ZodType) => Node): Node {
  if (typeof answer !== 'string') return { content: { 'application/json': { schema: schemaOf(answer) } } };
  if (answer !== 'image/jpeg') return { content: { [answer]: { schema: { type: 'string' } } } };
  return {
    headers: { [DETECTIONS_HEADER]: { description: 'Detections as JSON.', schema: { type: 'string' } } },
    content: { [answer]: {} },
  };
}

function parameters(place: 'path' | 'query', type: z.ZodObject, schemaOf: (type: z.ZodType) => Node): Node[] {
  const schema = schemaOf(type) as Node & { properties?: Record<string, Node>; required?: string[] };
  return Object.entries(schema.properties ?? {}).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || (schema.required ?? []).includes(name),
    schema: property,
  }));
}

/** Registers a named schema among the components and refers to it. */
function named(type: z.ZodType, schema: Node, schemas: Node): Node {
  const { id: name } = type.meta() ?? {};
  if (name === undefined || '$ref' in schema) return schema;
  const { id: _, ...rest } = schema;
  schemas[name] = JSON.parse(JSON.stringify(rest).replaceAll('"#/$defs/', '"#/components/schemas/'));
  return { $ref: `#/components/schemas/${name}` };
}
