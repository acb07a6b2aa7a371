/** Shapes of what the generated code reads and writes. Numbers of 64 bits come as `Long`, and may be given as numbers. */
import type { Reader, Writer } from 'protobufjs/minimal.js';

export type Wire64 = number | { toString(): string };

/** Exactly one is there, or none. */
export interface WireScalar {
  intValue?: number;
  longValue?: Wire64;
  floatValue?: number;
  doubleValue?: number;
  booleanValue?: boolean;
  stringValue?: string;
}

export interface WirePropertyValue extends WireScalar {
  type?: number;
  isNull?: boolean;
  propertysetValue?: WirePropertySet;
  propertysetsValue?: { propertyset: WirePropertySet[] };
}

export interface WirePropertySet {
  keys: string[];
  values: WirePropertyValue[];
}

export interface WireDataSet {
  numOfColumns?: Wire64;
  columns: string[];
  types: number[];
  rows: { elements: WireScalar[] }[];
}

export interface WireTemplate {
  version?: string;
  metrics: WireMetric[];
  parameters: (WireScalar & { name?: string; type?: number })[];
  templateRef?: string;
  isDefinition?: boolean;
}

export interface WireMetric extends WireScalar {
  name?: string;
  alias?: Wire64;
  timestamp?: Wire64;
  datatype?: number;
  isHistorical?: boolean;
  isTransient?: boolean;
  isNull?: boolean;
  properties?: WirePropertySet;
  bytesValue?: Uint8Array;
  datasetValue?: WireDataSet;
  templateValue?: WireTemplate;
}

export interface WirePayload {
  timestamp?: Wire64;
  metrics: WireMetric[];
  seq?: Wire64;
  uuid?: string;
  body?: Uint8Array;
}

export const kerbside: {
  readonly sparkplug: {
    readonly Payload: {
      encode(message: WirePayload): Writer;
      /** Throws on bytes that are no payload. */
      decode(reader: Reader): WirePayload;
    };
  };
};
