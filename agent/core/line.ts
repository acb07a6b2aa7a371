/** Lines as the resolved site has them. */

export interface SerialSettings {
  readonly baud: number;
  readonly dataBits: 7 | 8;
  readonly parity: 'none' | 'even' | 'odd';
  readonly stopBits: 1 | 2;
}

/** One physical line: what is wired together and can carry one exchange at a time. */
export type LineConfig = { readonly id: string /** Response timeout, ms. */; readonly timeout: number } & (
  | {
      readonly kind: 'serial';
      /** Device path; /dev/serial/by-id/… survives re-plugging. */
      readonly port: string;
      readonly serial: SerialSettings;
      /**
       * RTS switches the RS-485 driver: raised `before` ms ahead of a request, dropped `after` ms behind its last
       * character. Absent: the adapter does it by itself, as USB ones do.
       */
      readonly rts?: { readonly before: number; readonly after: number };
    }
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      /**
       * `modbus-tcp`: MBAP frames. `raw`: the serial bytes as they are, through a serial server. `rfc2217`: the same
       * through one whose port is set from here.
       */
      readonly framing: 'modbus-tcp' | 'raw' | 'rfc2217';
      /** For `raw` and `rfc2217`: the settings of the serial side, for airtime. */
      readonly serial?: SerialSettings;
      /** For `modbus-tcp`: requests on their way at once, where device or gateway allows it. Default 1. */
      readonly pipeline?: number;
    }
  | {
      /** The serial bytes of a device (a 4G DTU) that connects to us. */
      readonly kind: 'dial-in';
      /** Where we listen; several lines may share it. */
      readonly host: string;
      readonly port: number;
      /** Its first packet, in hex: tells which of the callers it is. */
      readonly registration: string;
      /** A packet it sends when idle, in hex; taken out. */
      readonly heartbeat?: string;
      /** Settings of its serial side, for airtime. */
      readonly serial: SerialSettings;
    }
  | {
      /** A device that connects to us and does not say who it is: the port is for it alone. */
      readonly kind: 'caller';
      readonly host: string;
      readonly port: number;
      readonly transport: 'tcp' | 'udp';
      /** Addresses that may call; absent: any. */
      readonly from?: readonly string[];
      /** Settings of its serial side where it has one, for airtime. */
      readonly serial: SerialSettings;
    }
  | {
      /** Datagrams to and from one address: SNMP, BACnet/IP. */
      readonly kind: 'udp';
      readonly host: string;
      readonly port: number;
      /** None: a datagram comes whole or not at all. */
      readonly serial?: SerialSettings;
    }
  | {
      /** An endpoint that chargers call: OCPP over WebSocket. */
      readonly kind: 'ocpp';
      readonly host: string;
      readonly port: number;
      /** PEM texts; with them it is TLS. */
      readonly cert?: string;
      readonly key?: string;
      /** None: no character travels. */
      readonly serial?: SerialSettings;
    }
  | {
      /** The gateway's own network: nothing is opened until a device is asked. */
      readonly kind: 'network';
      /** None: no character travels. */
      readonly serial?: SerialSettings;
    }
  | {
      /** Messages of devices at a broker, mostly of a LoRaWAN network server. */
      readonly kind: 'mqtt';
      /** mqtt:// or mqtts:// */
      readonly url: string;
      readonly username?: string;
      readonly password?: string;
      /** PEM texts. */
      readonly ca?: string;
      readonly cert?: string;
      readonly key?: string;
      readonly clientId: string;
      /** None: no character travels. */
      readonly serial?: SerialSettings;
    }
  | {
      /** Devices, or the platform they report to, post to us here. */
      readonly kind: 'http';
      readonly host: string;
      readonly port: number;
      /** Bearer token, or password of HTTP Basic; absent only on loopback. */
      readonly token?: string;
      /** PEM texts; with them it is https. */
      readonly cert?: string;
      readonly key?: string;
      /** Largest body, bytes. */
      readonly maxBody: number;
      /** None: no character travels. */
      readonly serial?: SerialSettings;
    }
);
