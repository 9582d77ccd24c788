/**
 * A set of the competition's public benchmarks, verified instance by instance in cold processes, as a table.
 * npm run bench -- vnncomp SET [--shared DIR] [--out FILE.csv] [--timeout S] [--first N] [--every N]
 * It resumes where the CSV (by default .build/vnncomp-SET.csv) stops. Timeouts are the instances' own. `--every 5`
 * takes each fifth instance, the first among them.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    shared: { type: 'string', default: '../shared' },
    out: { type: 'string' },
    timeout: { type: 'string' },
    first: { type: 'string' },
    every: { type: 'string', default: '1' },
  },
});
const [set = 'test'] = positionals;
const benchmarks = path.join(values.shared, 'benchmarks');
const folders = [path.join(benchmarks, 'vnncomp', set), path.join(benchmarks, set)];
const folder = folders.find((each) => existsSync(path.join(each, 'instances.csv')));
if (folder === undefined) throw new Error(`there is no set ${set} in ${benchmarks}`);
const every = Number(values.every);
const part = every > 1 ? `${set}-${every}` : set;
const flags = [
  ['--out', values.out ?? `.build/vnncomp-${part}.csv`],
  ...(values.timeout === undefined ? [] : [['--timeout', values.timeout]]),
  ...(values.first === undefined ? [] : [['--first', values.first]]),
].flat();
const words = ['packages/glacis/bin/glacis.js', 'bench', thinned(folder), ...flags];
const { status } = spawnSync(process.execPath, words, { stdio: 'inherit' });
process.exitCode = status ?? 70;

/** The folder, or one beside it with each so manieth of its instances. */
function thinned(whole: string): string {
  if (!(every > 1)) return whole;
  const thin = path.resolve('.build', `vnncomp-${part}`);
  rmSync(thin, { recursive: true, force: true });
  mkdirSync(thin, { recursive: true });
  const [header = '', ...lines] = readFileSync(path.join(whole, 'instances.csv'), 'utf8')
    .trim()
    .split('\n');
  const chosen = lines.filter((_, i) => i % every === 0);
  writeFileSync(path.join(thin, 'instances.csv'), [header, ...chosen, ''].join('\n'));
  for (const name of ['onnx', 'vnnlib']) {
    symlinkSync(path.resolve(whole, name), path.join(thin, name), 'dir');
  }
  return thin;
}
