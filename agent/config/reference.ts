/**
 * The reference of site.yaml as Markdown, made from the one schema: every key, what it takes, its default, what it means.
 * A block with few keys stands in the table of the block around it; a larger one has a table of its own.
 */
import { siteSchemaWithWords } from './json-schema.ts';

interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node | false;
  readonly prefixItems?: readonly Node[];
  readonly additionalProperties?: Node | boolean;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  /** What a value takes, in the words of its error message. */
  readonly expected?: string;
}

/** Meanings of keys that are the same wherever they stand. */
const EVERYWHERE: Readonly<Record<string, string>> = {
  id: 'Name of it in this file and upstream',
  title: 'Its name for people, in one or two languages',
  device: 'Id of a device',
  point: 'Id of a point of the device',
  url: 'Address of the other side',
  username: 'Who we are to the other side',
  password: 'Secret by reference',
  ca: 'PEM of the authority that signed the other side',
  cert: 'PEM of our own certificate',
  key: 'PEM of its private key',
  lat: 'Latitude in degrees, north positive',
  lon: 'Longitude in degrees, east positive',
  en: 'In English',
  zh: 'In Chinese',
};

/** A block of more keys than this has a table of its own. */
const SMALL = 6;

interface Row {
  readonly path: string;
  readonly node: Node;
  readonly required: boolean;
}

/** Keys that neither the schema nor `EVERYWHERE` explains; the reference is whole where this is empty. */
export function unexplained(): readonly string[] {
  return rowsOf(siteSchemaWithWords() as Node, '', Number.POSITIVE_INFINITY)
    .rows.filter(({ path, node }) => meaning(path, node) === '')
    .map(({ path }) => path);
}

/** The whole page. */
export function siteReference(): string {
  const root = siteSchemaWithWords() as Node;
  const sections: string[] = [];
  const write = (path: string, node: Node, depth: number): void => {
    const { rows, blocks } = rowsOf(node, path, SMALL);
    const heading = path === '' ? '' : `${'#'.repeat(Math.min(depth, 4))} \`${path}\`\n\n`;
    const intro = path === '' || node.description === undefined ? '' : `${node.description}.\n\n`;
    sections.push(`${heading}${intro}${table(rows, path)}`);
    for (const block of blocks) write(block.path, block.node, depth + 1);
  };
  write('', root, 1);
  return `${HEAD}${sections.join('\n')}`;
}

const HEAD = `# Reference of the site file

Every key of \`site.yaml\`, made from the schema that checks it (\`kerbside config reference\`). How the parts go together, with a whole
site to copy from, is in [configuration.md](configuration.md). **Bold** keys have to stand where their block stands. An unknown key is
an error that names the nearest one.

`;

function table(rows: readonly Row[], base: string): string {
  const lines = rows.map(({ path, node, required }) => {
    const key = `\`${base === '' ? path : path.slice(base.length).replace(/^\./, '')}\``;
    return `| ${required ? `**${key}**` : key} | ${cell(takes(node))} | ${cell(defaultOf(node))} | ${cell(meaning(path, node))} |`;
  });
  return `| key | takes | default | means |\n|---|---|---|---|\n${lines.join('\n')}\n`;
}

function rowsOf(node: Node, base: string, small: number): { rows: Row[]; blocks: Omit<Row, 'required'>[] } {
  const rows: Row[] = [];
  const blocks: Omit<Row, 'required'>[] = [];
  const visit = (at: Node, path: string): void => {
    for (const [key, child] of Object.entries(at.properties ?? {})) {
      const childPath = path === '' ? key : `${path}.${key}`;
      rows.push({ path: childPath, node: child, required: at.required?.includes(key) ?? false });
      const inner = blockIn(child);
      if (inner === undefined) continue;
      const innerPath = `${childPath}${inner.suffix}`;
      if (Object.keys(inner.node.properties ?? {}).length > small || path === '') {
        if (small !== Number.POSITIVE_INFINITY) {
          blocks.push({ path: innerPath, node: { ...inner.node, ...described(child) } });
          continue;
        }
      }
      visit(inner.node, innerPath);
    }
  };
  visit(node, base);
  return { rows, blocks };
}

const described = ({ description }: Node) => (description === undefined ? {} : { description });

/** The object a key holds: itself, the items of a list, or the values of a map. Titles are values, not blocks. */
function blockIn(node: Node): { readonly node: Node; readonly suffix: string } | undefined {
  if (node.expected !== undefined) return undefined;
  if (node.properties !== undefined) return { node, suffix: '' };
  if (typeof node.items === 'object') {
    const inner = blockIn(node.items);
    return inner && { node: inner.node, suffix: `[]${inner.suffix}` };
  }
  if (typeof node.additionalProperties === 'object') {
    const inner = blockIn(node.additionalProperties);
    return inner && { node: inner.node, suffix: `.<name>${inner.suffix}` };
  }
  const object = [...(node.anyOf ?? []), ...(node.oneOf ?? [])].find(
    (branch) => branch.properties !== undefined,
  );
  return object && { node: object, suffix: '' };
}

function takes(node: Node): string {
  if (node.expected !== undefined) return node.expected;
  if (node.enum !== undefined) return `one of ${node.enum.join(', ')}`;
  if (node.const !== undefined) return String(node.const);
  const branches = [...(node.anyOf ?? []), ...(node.oneOf ?? [])];
  if (branches.length > 0) return [...new Set(branches.map(takes))].join('; or ');
  if (node.type === 'array') return `a list${bounds(node)}${node.items ? ` of: ${takes(node.items)}` : ''}`;
  if (node.properties !== undefined) return 'a block';
  if (node.type === 'object') {
    return typeof node.additionalProperties === 'object'
      ? `names with: ${takes(node.additionalProperties)}`
      : 'a block';
  }
  if (node.type === 'number' || node.type === 'integer') {
    return `a ${node.type === 'integer' ? 'whole ' : ''}number${range(node)}`;
  }
  return node.type === 'boolean' ? 'true or false' : node.type === 'string' ? 'text' : 'any value';
}

function bounds({ minItems, maxItems }: Node): string {
  if (minItems !== undefined && maxItems !== undefined)
    return minItems === maxItems ? ` of ${minItems}` : ` of ${minItems} to ${maxItems}`;
  if (minItems !== undefined) return ` of at least ${minItems}`;
  return maxItems === undefined ? '' : ` of at most ${maxItems}`;
}

function range({ minimum, maximum }: Node): string {
  if (minimum === undefined && maximum === undefined) return '';
  return maximum === undefined ? ` from ${minimum} up` : ` from ${minimum} to ${maximum}`;
}

function defaultOf(node: Node): string {
  const value = node.default;
  if (value === undefined) return '';
  if (typeof value !== 'object' || value === null) return `\`${String(value)}\``;
  // An empty block or list as default means: nothing need be written.
  return Object.keys(value).length === 0 ? '' : `\`${JSON.stringify(value)}\``;
}

function meaning(path: string, node: Node): string {
  const name = path.split('.').at(-1) ?? '';
  return node.description ?? EVERYWHERE[name] ?? '';
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
