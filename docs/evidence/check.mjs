#!/usr/bin/env node
/**
 * Checks a file of `kerbside evidence export` by itself: Node 20 or later, nothing else, nothing of Kerbside.
 *
 *   node check.mjs evidence.json [public key of the device, noted elsewhere]
 *
 * Proves: the statements are signed by the key; the batches of every lane lead from one signed chain to the next; points
 * and clock are those that were signed; and the records shown are what the signed bytes say. Format: docs/evidence.md.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

const DOMAIN = 'kerbside-evidence-1';
const [file, givenKey] = process.argv.slice(2);
const wrong = [];
const sha256 = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const b64 = (bytes) => bytes.toString('base64url');
const beginning = (epoch, name) => sha256(`${DOMAIN}\n${epoch}\n${name}\n`);

function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
}

function checkStatements({ statements, key, epoch, agent }) {
  if (givenKey !== undefined && givenKey !== key) wrong.push(`signed by ${key}, not by the key given`);
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key }, format: 'jwk' });
  let before;
  for (const { signature, ...statement } of statements) {
    const { number } = statement;
    const bytes = Buffer.from(`${DOMAIN}\n${canonical(statement)}`);
    if (statement.key !== key || !verify(null, bytes, publicKey, Buffer.from(signature, 'base64url')))
      wrong.push(`statement ${number} is not signed by the key`);
    if (statement.epoch !== epoch || statement.agent !== agent)
      wrong.push(`statement ${number} is of another log`);
    if (before !== undefined && number !== before + 1) wrong.push(`a statement is missing before ${number}`);
    before = number;
  }
}

/** Gives the number of batches whose bytes are there. */
function checkLane(name, { after, hash, batches }, { statements, epoch, from }) {
  const start = statements.find(({ heads }) => heads[name]?.[0] === after && heads[name]?.[1] === hash);
  const tail = statements.at(-1).tails[name] ?? [1, b64(beginning(epoch, name))];
  // The chain begins at a statement, or where the last statement says that the lane begins.
  if (start === undefined && !(tail[0] === after + 1 && tail[1] === hash))
    wrong.push(`lane ${name}: no statement signs the chain after ${after}`);
  let chain = Buffer.from(hash, 'base64url');
  let next = after + 1;
  const ends = new Map([[after, hash]]);
  let shown = 0;
  for (const { first, count, mono_min, mono_max, boot, body, digest } of batches) {
    if (first !== next) wrong.push(`lane ${name}: record ${next} is missing`);
    next = first + count;
    const head = `${first} ${count} ${mono_min} ${mono_max} ${boot}\n`;
    if (body !== undefined) shown++;
    const own =
      body === undefined ? Buffer.from(digest, 'base64url') : sha256(head, Buffer.from(body, 'base64'));
    chain = sha256(chain, own);
    ends.set(next - 1, b64(chain));
  }
  for (const { heads, number } of statements) {
    const [last, signed] = heads[name] ?? [0, ''];
    if (last >= after && last > 0 && ends.get(last) !== signed)
      wrong.push(`lane ${name}: up to record ${last} it is not what statement ${number} signed`);
  }
  if (from === undefined) wrong.push('the evidence names no time');
  return shown;
}

function checkTables({ statements, points, clock, epoch }) {
  const pointRow = ({ id, device, point, type, unit, decimals }) => [id, device, point, type, unit, decimals];
  const clockRow = (row) => [row.id, row.boot, row.mono, row.wall, row.rate, row.rank, row.uncertainty];
  for (const [name, rows] of [
    ['points', points.map(pointRow)],
    ['clock', clock.map(clockRow)],
  ]) {
    const chain = [beginning(epoch, name)];
    for (const row of rows) chain.push(sha256(chain.at(-1), sha256(JSON.stringify(row))));
    for (const { number, [name]: signed } of statements)
      if (chain[signed[0]] === undefined || b64(chain[signed[0]]) !== signed[1])
        wrong.push(`the table of ${name} is not what statement ${number} signed`);
  }
}

/** Reads a body (codec version 1): times in ms of the boot, points by number, values exact. */
function decode(body) {
  let at = 1;
  if (body[0] !== 1) throw new Error(`codec version ${body[0]} is unknown to this checker`);
  const varint = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = body[at++];
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  const unzigzag = (value) => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);
  const text = () => {
    const length = varint();
    at += length;
    return body.toString('utf8', at - length, at);
  };
  const count = varint();
  const runs = (signed) => {
    const values = [];
    while (values.length < count) {
      const packed = varint();
      const low = packed % 8;
      const value = signed ? unzigzag((packed - low) / 8) : (packed - low) / 8;
      const run = low === 7 ? 8 + varint() : low + 1;
      for (let i = 0; i < run; i++) values.push(value);
    }
    return values;
  };
  const sums = (start) => {
    let sum = start;
    return runs(true).map((step) => (sum += step));
  };
  const records = [];
  if (count > 0) {
    const times = sums(unzigzag(varint())).map((ticks) => ticks / 10);
    const points = sums(0);
    const codes = runs(false);
    const tags = runs(false);
    const scaled = new Map();
    const last = new Map();
    for (let i = 0; i < count; i++) {
      const [tag, point] = [tags[i], points[i]];
      let value = null;
      if (tag <= 15) {
        const key = `${point}/${tag}`;
        scaled.set(key, (scaled.get(key) ?? 0) + unzigzag(varint()));
        value = scaled.get(key) / 10 ** tag;
      } else if (tag === 16 || tag === 17) {
        value = tag === 16 ? body.readFloatLE(at) : body.readDoubleLE(at);
        at += tag === 16 ? 4 : 8;
      } else if (tag === 18 || tag === 19) value = tag === 19;
      else if (tag === 20) value = text();
      else if (tag === 22) value = last.get(point);
      if (tag === 16 || tag === 17 || tag === 20) last.set(point, value);
      records.push({
        kind: 'reading',
        time: times[i],
        point,
        value,
        quality: ['good', 'uncertain', 'bad'][codes[i] % 4],
      });
    }
  }
  let ticks = 0;
  for (let left = varint(); left > 0; left--) {
    ticks += unzigzag(varint());
    const [event, severity, facts, device] = JSON.parse(text());
    records.push({ kind: 'event', time: ticks / 10, event, severity, body: facts, device });
  }
  return records;
}

const RANKS = ['none', 'floor', 'server', 'gnss', 'ntp'];

/** True time: the best rank known of the boot counts for all of it; of its rows the last before the moment, else the first. */
function trueTime(rows, mono) {
  const best = Math.max(...rows.map(({ rank }) => RANKS.indexOf(rank)));
  const counting = new Map();
  for (const row of rows) if (RANKS.indexOf(row.rank) === best) counting.set(row.mono, row);
  const ordered = [...counting.values()].sort((a, b) => a.mono - b.mono);
  const row = ordered.findLast((one) => one.mono <= mono) ?? ordered[0];
  return Math.round(row.wall + (mono - row.mono) * row.rate);
}

function checkRecords(name, { batches }, { points, clock }) {
  const byId = new Map(points.map((point) => [point.id, point]));
  let count = 0;
  for (const { first, body, records, boot } of batches) {
    if (body === undefined) continue;
    const rows = clock.filter((row) => row.boot === boot);
    const signed = decode(Buffer.from(body, 'base64'));
    for (const [i, one] of signed.entries()) {
      const shown = records[i] ?? {};
      const where = `record ${first + i} of lane ${name}`;
      const { device, point, unit } = byId.get(one.point) ?? {};
      const same =
        one.kind === 'reading'
          ? shown.value === one.value &&
            shown.quality === one.quality &&
            shown.unit === unit &&
            shown.device === device &&
            shown.point === point
          : shown.event === one.event &&
            shown.severity === one.severity &&
            shown.device === one.device &&
            canonical(shown.body ?? null) === canonical(one.body);
      if (!same || shown.kind !== one.kind || shown.seq !== first + i)
        wrong.push(`${where} is shown otherwise than it was signed`);
      else if (shown.time !== trueTime(rows, one.time))
        wrong.push(`${where} is shown with another time than the clock gives`);
      count++;
    }
    if (records.length !== signed.length)
      wrong.push(`after record ${first} of lane ${name} others are shown than were signed`);
  }
  return count;
}

let records = 0;
let key = '';
try {
  const evidence = JSON.parse(readFileSync(file, 'utf8'));
  if (evidence.format !== DOMAIN) throw new Error(`it is no evidence of format ${DOMAIN}`);
  key = evidence.key;
  checkStatements(evidence);
  checkTables(evidence);
  for (const [name, lane] of Object.entries(evidence.lanes)) {
    checkLane(name, lane, evidence);
    records += checkRecords(name, lane, evidence);
  }
} catch (error) {
  wrong.push(`the file cannot be read as evidence: ${error.message}`);
}
for (const message of wrong.slice(0, 20)) console.log(message);
if (wrong.length > 20) console.log(`and ${wrong.length - 20} more`);
const note = givenKey === undefined ? ' (compare the key with the one noted when the device was put up)' : '';
console.log(wrong.length === 0 ? `${records} records are as ${key} signed them${note}` : 'NOT proved');
process.exitCode = wrong.length === 0 ? 0 : 1;
