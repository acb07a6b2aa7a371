import { endToEnd } from './readings.ts';

endToEnd('127.0.0.1');
