/** What is used here of net-snmp 3.29, which brings no types. */
declare module 'net-snmp' {
  import type { EventEmitter } from 'node:events';

  export interface Varbind {
    readonly oid: string;
    /** An `ObjectType`, with the exceptions of v2c and v3 (128 and above). */
    readonly type: number;
    readonly value: unknown;
  }
  export interface DatagramSocket extends EventEmitter {
    send(
      bytes: Buffer,
      offset: number,
      length: number,
      port: number,
      host: string,
      done: (error: Error | null) => void,
    ): void;
    bind(): void;
    close(): void;
    ref(): void;
    unref(): void;
  }
  export interface SessionOptions {
    readonly version: number;
    readonly retries: number;
    readonly timeout: number;
    readonly context?: string;
    readonly reportOidMismatchErrors: boolean;
    readonly dgramModule: { createSocket(transport: string): DatagramSocket };
  }
  export interface User {
    readonly name: string;
    readonly level: number;
    readonly authProtocol?: number;
    readonly authKey?: string;
    readonly privProtocol?: number;
    readonly privKey?: string;
  }
  export interface Session extends EventEmitter {
    get(oids: readonly string[], done: (error: Error | null, varbinds?: readonly Varbind[]) => void): void;
    cancelRequests(error: Error): void;
    close(): void;
  }
  export function createSession(target: string, community: string, options: SessionOptions): Session;
  export function createV3Session(target: string, user: User, options: SessionOptions): Session;
  export function isVarbindError(varbind: Varbind): boolean;
  export const Version1: number;
  export const Version2c: number;
  export const Version3: number;
  export const SecurityLevel: Readonly<Record<'noAuthNoPriv' | 'authNoPriv' | 'authPriv', number>>;
  export const AuthProtocols: Readonly<Record<string, number>>;
  export const PrivProtocols: Readonly<Record<string, number>>;
  export const ObjectType: Readonly<Record<string, number>>;
  export const ErrorStatus: Readonly<Record<string, number>>;
  export class RequestFailedError extends Error {
    readonly status: number;
  }
  export class ResponseInvalidError extends Error {
    readonly code: number;
  }
}
