/** What a technician's flow can do: be changed while all runs, or never come to an end. */
import { type Breakable, said, well } from './breakable.ts';
import { Flows } from './flows.ts';

const TAB = 'show-loop';
const LOOP = [
  { id: TAB, type: 'tab', label: 'A flow without an end' },
  {
    id: `${TAB}-start`,
    type: 'inject',
    z: TAB,
    name: 'begin',
    props: [{ p: 'payload' }],
    once: true,
    onceDelay: '1',
    payload: '',
    payloadType: 'date',
    x: 150,
    y: 80,
    wires: [[`${TAB}-for-ever`]],
  },
  {
    // A function node is stopped by its time limit; an expression that calls itself for ever is not.
    id: `${TAB}-for-ever`,
    type: 'change',
    z: TAB,
    name: 'for ever',
    rules: [
      { t: 'set', p: 'payload', pt: 'msg', to: '($f := function($n) { $f($n + 1) }; $f(0))', tot: 'jsonata' },
    ],
    x: 350,
    y: 80,
    wires: [[]],
  },
];

export const loopingFlow: Breakable = {
  id: 'loop',
  title: { en: 'Deploy a flow that loops for ever', zh: '部署一个死循环流程' },
  does: {
    en: 'Node-RED stands still. It is stopped, the flow is named, and metering goes on.',
    zh: 'Node-RED 停住：流程被停止并指名，计量照常进行。',
  },
  at: 'flows',
  async strike({ eye }) {
    const flows = await Flows.openWhenUp(eye);
    const before = await flows.read();
    await flows.deploy([...before.filter(({ z, id }) => id !== TAB && z !== TAB), ...LOOP]);
    return async () => {
      const again = await Flows.openWhenUp(eye);
      await again.deploy(before);
    };
  },
  noticed: (ground) => said(ground, 'node-red'),
  healed: (ground) => well(ground, 'node-red'),
};

/** Of the example that dims by traffic: full light at a vehicle, then this level. */
const HOLD = 'kb-hold';
const DIMMED = '50';
let deployed = 0;

export const changedFlow: Breakable = {
  id: 'dim',
  title: { en: 'Change the flow that dims the lamp', zh: '修改调光流程' },
  does: {
    en: 'In Node-RED the lamp goes down to 50 % instead of 30 % when nobody passes. Deployed while all runs.',
    zh: '在 Node-RED 中把无人经过时的亮度由 30 % 改为 50 %，运行中直接部署。',
  },
  at: 'flows',
  async strike({ eye }) {
    const flows = await Flows.openWhenUp(eye);
    const before = await flows.read();
    if (!before.some(({ id }) => id === HOLD)) throw new Error('the flow that dims by traffic is not there');
    deployed = eye.now;
    await flows.deploy(before.map((node) => (node.id === HOLD ? { ...node, op2: DIMMED } : node)));
    return async () => {
      const again = await Flows.openWhenUp(eye);
      await again.deploy(before);
    };
  },
  // It begins with full light, which the board reads back.
  noticed: ({ eye }) => {
    const done = eye.commands.find(
      ({ command, result }) =>
        command.issuer.startsWith('flow:') && command.issued >= deployed && result.state === 'done',
    );
    return (
      done && `${done.command.issuer}: lamp ${done.command.value} %, read back ${done.result.readback} %`
    );
  },
  healed: (ground) => well(ground, 'node-red'),
};
