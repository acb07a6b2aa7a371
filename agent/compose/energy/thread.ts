/** Composition root of the energy account's thread: registers from the log, and the book that reckons with them. */
import { parentPort, workerData } from 'node:worker_threads';
import { EnergyBook } from '../../control/energy/book.ts';
import type { EnergyCalls } from '../../control/energy/calls.ts';
import { diagnoseLog } from '../../control/energy/diagnosis/replay.ts';
import { serve } from '../../core/rpc.ts';
import { OpenRegisters } from '../../store/open-registers.ts';
import type { EnergyThreadData } from './energy.ts';

if (parentPort !== null) {
  const port = parentPort;
  const { file, senses, ...data } = workerData as EnergyThreadData;
  const registers = new OpenRegisters(file, data.timezone);
  const book = new EnergyBook({
    ...data,
    read: (...asked) => registers.read(...asked),
    dayMeans: (...asked) => registers.dayMeans(...asked),
  });
  serve(port, {
    tick: (...asked: Parameters<EnergyCalls['tick']>) => book.tick(...asked),
    day: (...asked: Parameters<EnergyCalls['day']>) => book.day(...asked),
    account: (...asked: Parameters<EnergyCalls['account']>) => book.account(...asked),
    completeness: (...asked: Parameters<EnergyCalls['completeness']>) => book.completeness(...asked),
    bill: (...asked: Parameters<EnergyCalls['bill']>) => book.bill(...asked),
    diagnose: (...asked: Parameters<EnergyCalls['diagnose']>) =>
      diagnoseLog(
        {
          config: data.config,
          senses,
          days: (from, to) => book.calendar.days(from, to),
          grids: (from, to, now) => book.grids(from, to, now),
          hourMeans: (names, from, to) => registers.hourMeans(names, from, to),
          dayMeans: (name, days) => registers.dayMeans(name, days),
        },
        ...asked,
      ),
    demand: (...asked: Parameters<EnergyCalls['demand']>) => book.demand(...asked, asked[3]),
  });
  port.on('message', (message: { close?: true }) => {
    if (message.close !== true) return;
    registers[Symbol.dispose]();
    port.close();
  });
}
