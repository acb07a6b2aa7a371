/** What the nodes use of Node-RED's runtime (https://nodered.org/docs/creating-nodes/node-js). */
export interface Status {
  fill?: 'red' | 'green' | 'yellow' | 'blue' | 'grey';
  shape?: 'ring' | 'dot';
  text?: string;
}

export interface Msg {
  payload?: unknown;
  topic?: string;
  [key: string]: unknown;
}

export interface RedNode {
  id: string;
  /** Id of the tab it stands on. */
  z?: string;
  name?: string;
  credentials?: Record<string, string>;
  on(
    event: 'input',
    listener: (msg: Msg, send: (msg: Msg) => void, done: (error?: Error) => void) => void,
  ): void;
  on(event: 'close', listener: (done: () => void) => void): void;
  send(msg: Msg): void;
  status(status: Status): void;
  [key: string]: unknown;
}

interface AdminRequest {
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, unknown>>;
}
interface AdminResponse {
  status(code: number): AdminResponse;
  json(body: unknown): void;
}

export interface Red {
  /** Absent where there is no editor. */
  readonly httpAdmin?: {
    get(
      path: string,
      allowed: unknown,
      answer: (request: AdminRequest, response: AdminResponse) => unknown,
    ): void;
  };
  readonly auth: { needsPermission(permission: string): unknown };
  readonly settings: { readonly kerbside?: { readonly url: string; readonly token: string } };
  readonly nodes: {
    createNode(node: RedNode, config: object): void;
    registerType<C>(type: string, make: (this: RedNode, config: C) => void, options?: object): void;
    getNode(id: string): RedNode | null;
  };
}
