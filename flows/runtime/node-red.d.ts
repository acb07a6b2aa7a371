/** What is used of Node-RED's embedding interface (https://nodered.org/docs/user-guide/runtime/embedding). */
declare module 'node-red' {
  import type { IncomingMessage, Server, ServerResponse } from 'node:http';

  interface NodeRed {
    init(server: Server, settings: object): void;
    start(): Promise<void>;
    stop(): Promise<void>;
    readonly hooks: {
      add(
        hook: string,
        run: (event: { destination: { id: string; node?: { _alias?: string } } }) => void,
      ): void;
    };
    readonly httpAdmin: (request: IncomingMessage, response: ServerResponse) => void;
  }
  const RED: NodeRed;
  export default RED;
}

/** Node-RED's own storage on files. */
declare module '@node-red/runtime/lib/storage/localfilesystem/index.js' {
  const storage: Readonly<Record<string, unknown>>;
  export default storage;
}
