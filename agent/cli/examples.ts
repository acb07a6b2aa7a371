/**
 * Examples in the help of every command, in one table: each line is a command that parses (tests/unit/cli/help.test.ts).
 * A command that has examples in its own file needs none here.
 */
import type { Command } from 'commander';

export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  run: ['kerbside run --site /etc/kerbside/site.yaml', 'kerbside run --log-level debug'],
  check: ['kerbside check', 'kerbside check /etc/kerbside/site.yaml --json'],
  config: ['kerbside config show', 'kerbside config schema'],
  'config show': ['kerbside config show site.yaml --json'],
  'config schema': ['kerbside config schema', 'kerbside config schema --profile'],
  'config reference': ['kerbside config reference'],
  'config render': ['kerbside config render poles.csv --template pole.yaml --out sites/'],
  login: ['sudo -u kerbside kerbside login --site /etc/kerbside/site.yaml'],
  scan: ['kerbside scan /dev/ttyUSB0', 'kerbside scan 192.168.1.50:502 --quick --json'],
  doctor: ['kerbside doctor --site /etc/kerbside/site.yaml', 'kerbside doctor --offline --json'],
  diagnose: ['kerbside diagnose /dev/ttyUSB0 --unit 1', 'kerbside diagnose /dev/ttyUSB0 --baud 9600 --json'],
  read: ['kerbside read meter-feeder', 'kerbside read meter-feeder voltage-l1 power --json'],
  write: ['kerbside write board lamp-level 60', 'kerbside write board lamp-level 0 --yes --json'],
  watch: ['kerbside watch', 'kerbside watch meter-feeder station --for 60s'],
  meter: ['kerbside meter counters meter-feeder', 'kerbside meter tasks'],
  'meter exchange': [
    'kerbside meter exchange meter-feeder --closing energy-import=18250.4 --opening energy-import=0 --by "J. Li"',
  ],
  'meter tasks': ['kerbside meter tasks --json'],
  'meter explain': ['kerbside meter explain meter-feeder energy-import --as consumption --by "J. Li"'],
  'meter withdraw': ['kerbside meter withdraw 7c9e6679-7425-40de-944b-e07fc1f90ae7'],
  'meter counters': ['kerbside meter counters meter-feeder'],
  energy: ['kerbside energy account --month 2027-01', 'kerbside energy bill --month 2027-01'],
  'energy account': ['kerbside energy account --month 2027-01 --json'],
  'energy completeness': ['kerbside energy completeness --day 2027-01-31'],
  'energy bill': ['kerbside energy bill --month 2027-01 --account main'],
  'energy report': ['kerbside energy report --month 2027-01 --lang zh --out report.html'],
  'energy export': ['kerbside energy export --month 2027-01 --out january.csv --bom'],
  'energy peak-limit': ['kerbside energy peak-limit --dry-run --hours 24'],
  correct: [
    'kerbside correct station temperature --slope 1 --note "checked against reference" --by "J. Li"',
    'kerbside correct meter-feeder --ct 200/5 --by "J. Li"',
  ],
  calibrate: ['kerbside calibrate station pm2-5 --zero 0=3.2 --span 100=98.7 --by "J. Li"'],
  alarms: ['kerbside alarms list', 'kerbside alarms acknowledge board-cabinet-door --by "J. Li"'],
  'alarms list': ['kerbside alarms list --all --json'],
  'alarms acknowledge': ['kerbside alarms acknowledge board-cabinet-door --by "J. Li" --note "on site"'],
  'alarms reset': ['kerbside alarms reset sos --by "J. Li"'],
  'alarms shelve': ['kerbside alarms shelve board-cabinet-door --for 2h --by "J. Li"'],
  'alarms unshelve': ['kerbside alarms unshelve board-cabinet-door --by "J. Li"'],
  maintenance: ['kerbside maintenance begin station --for 1h --by "J. Li"', 'kerbside maintenance list'],
  'maintenance begin': ['kerbside maintenance begin station --for 1h --why maintenance --by "J. Li"'],
  'maintenance end': ['kerbside maintenance end station --by "J. Li"'],
  'maintenance list': ['kerbside maintenance list --json'],
  profiles: ['kerbside profiles', 'kerbside profiles sdm --json'],
  decode: ['kerbside decode modbus-rtu 01 03 02 09 0f ff d0', 'kerbside decode --jsonl'],
  verify: [
    'kerbside verify --broker mqtts://broker.city.example:8883 --for 10min',
    'kerbside verify --http 8088 --complete',
    'kerbside verify --file messages.jsonl --json',
  ],
  evidence: ['kerbside evidence check', 'kerbside evidence key'],
  'evidence check': ['kerbside evidence check state/log.db --json'],
  'evidence export': ['kerbside evidence export --out evidence.jsonl'],
  'evidence key': ['kerbside evidence key'],
  light: ['kerbside light plan --year 2027'],
  'light plan': ['kerbside light plan --year 2027 --json', 'kerbside light plan --svg year.svg'],
  count: ['kerbside count street.jpg', 'kerbside count a.jpg b.jpg --task faces --json'],
  models: ['kerbside models list', 'kerbside models add ./my-model'],
  'models list': ['kerbside models list --json'],
  'models add': ['kerbside models add ./my-model --site /etc/kerbside/site.yaml'],
  'models remove': ['kerbside models remove my-model'],
  label: ['kerbside label site.yaml'],
  tenants: ['kerbside tenants statement --month 2027-01'],
  'tenants statement': ['kerbside tenants statement --month 2027-01 --tenant cell --json'],
  sign: ['kerbside sign import gtfs.zip --stop s5', 'kerbside sign arrivals --explain'],
  'sign import': ['kerbside sign import gtfs.zip --stop s5 --strict --json'],
  'sign arrivals': ['kerbside sign arrivals --explain'],
  content: ['kerbside content keygen city-1 --out city-1.key', 'kerbside content verify notice.signed.json'],
  'content keygen': ['kerbside content keygen city-1 --out city-1.key'],
  'content sign': ['kerbside content sign notice.json --key city-1.key --id city-1 --out notice.signed.json'],
  'content verify': ['kerbside content verify notice.signed.json --json'],
  'content media': ['kerbside content media a.png b.mp4'],
  people: ['kerbside people list', 'kerbside people add jli --role technician'],
  'people list': ['kerbside people list --json'],
  'people add': ['kerbside people add jli --role administrator --password-file pass.txt'],
  'people password': ['kerbside people password jli'],
  'people remove': ['kerbside people remove jli'],
  certificate: ['kerbside certificate', 'kerbside certificate --pem'],
  import: ['kerbside import past.jsonl --mark simulated --json'],
};

/** Puts the examples below the help of `command` and of all its own commands. `path`: names from `kerbside` on. */
export function teach(command: Command, path: string = command.name()): void {
  const examples = EXAMPLES[path];
  if (examples !== undefined)
    command.addHelpText('after', `\nExamples:\n${examples.map((one) => `  ${one}\n`).join('')}`.trimEnd());
  for (const own of command.commands) teach(own, `${path} ${own.name()}`);
}
