import { networkInterfaces } from 'node:os';
import { endToEnd } from './readings.ts';

const there = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));

endToEnd('::1', there || process.env.KERBSIDE_CI === 'full');
