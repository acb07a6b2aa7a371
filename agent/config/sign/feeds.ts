/** The part of the site schema on where a stop sign hears of buses: feeds of positions, predictions and alerts. */
import * as z from 'zod';
import { FEED_FORMATS } from '../../core/sign/feed.ts';
import { DATUMS } from '../../core/sign/transit.ts';
import { secret } from '../secret.ts';
import { duration, flag, hostPort, id, oneOf, size, text, url } from '../values.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const MB = 1024 ** 2;

const tls = {
  ca: secret('file:./ca.pem').optional().describe('PEM of the authority that signed the centre'),
  cert: secret('file:./client.pem').optional(),
  key: secret('file:./client.key').optional(),
};
const login = {
  username: text('a user name', 'kerbside').optional(),
  password: secret(`\${env:FEED_PASSWORD}`).optional(),
};
const names = (example: string) =>
  z.record(z.string().min(1), text('an id of the timetable in quotes', example)).prefault({});

export const signFeed = z
  .strictObject({
    id: id('city-gps'),
    format: oneOf(FEED_FORMATS, 'gtfs-rt').describe('What the centre sends'),
    datum: oneOf(DATUMS, 'wgs84').describe('Of its positions; Chinese centres often send gcj02, Baidu bd09'),
    http: z
      .strictObject({
        url: url(['https:', 'http:'], 'https://feeds.city.example/vehicles.pb'),
        every: duration(SECOND, 60 * MINUTE, '15s')
          .prefault('15s')
          .describe('How often it is asked'),
        timeout: duration(SECOND, MINUTE, '10s').prefault('10s').describe('For a whole answer'),
        plain: flag().prefault(false).describe('true: http:// is meant, and nothing secret is sent'),
        token: secret(`\${env:FEED_TOKEN}`).optional().describe('Bearer token'),
        ...login,
        header: z
          .strictObject({
            name: text('a header', 'x-api-key').describe('Name of the header'),
            value: secret(`\${env:FEED_KEY}`).describe('Secret by reference'),
          })
          .optional()
          .describe('A key in a header of the centre'),
        ...tls,
      })
      .optional()
      .describe('Asked every so often; for SIRI by POST'),
    mqtt: z
      .strictObject({
        url: url(['mqtts:', 'mqtt:'], 'mqtts://broker.city.example:8883'),
        topics: z.array(text('a topic', 'bus/gps/#')).min(1).max(32).describe('Where its messages come'),
        ...login,
        client_id: text('a client id', 'pole-0817-bus')
          .optional()
          .describe('Default: the agent id and the feed'),
        ...tls,
      })
      .optional()
      .describe('Instead of http: topics of a broker'),
    listen: z
      .strictObject({
        at: hostPort('127.0.0.1:9100', 0).describe('Where the centre posts to'),
        token: secret(`\${env:BUS_TOKEN}`).optional().describe('Bearer token; needed beyond loopback'),
        cert: secret('file:./server.pem').optional().describe('With key: https'),
        key: secret('file:./server.key').optional(),
      })
      .optional()
      .describe('Instead of http: the centre posts to us'),
    alerts: flag()
      .optional()
      .describe('Whether its alerts are shown; over verified TLS only. Default: true with https, else false'),
    max_bytes: size(1024, 64 * MB, '8MB')
      .prefault('8MB')
      .describe('Largest message, unpacked'),
    late_after: duration(10 * SECOND, 60 * MINUTE, '90s')
      .prefault('90s')
      .describe('Positions older than this are late'),
    frozen_after: duration(10 * SECOND, 24 * 60 * MINUTE, '2min')
      .prefault('2min')
      .describe('A feed in which nothing changes for so long is frozen'),
    lines: names('L7').describe('What the centre calls lines, to what the timetable calls them'),
    stops: names('370303001').describe('The same of stops'),
    requestor: text('a name', 'kerbside').optional().describe('With siri-sm: who asks, as agreed'),
  })
  .describe('One feed of the sign');

export type SignFeedFile = z.output<typeof signFeed>;
