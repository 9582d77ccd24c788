/**
 * A set of the competition's public benchmarks, verified instance by instance in cold processes, as a table.
 * npm run bench -- vnncomp SET [--shared DIR] [--out FILE.csv] [--timeout S] [--first N]
 * It resumes where the CSV (by default .build/vnncomp-SET.csv) stops. Timeouts are the instances' own.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    shared: { type: 'string', default: '../shared' },
    out: { type: 'string' },
    timeout: { type: 'string' },
    first: { type: 'string' },
  },
});
const [set = 'test'] = positionals;
const benchmarks = path.join(values.shared, 'benchmarks');
const folders = [path.join(benchmarks, 'vnncomp', set), path.join(benchmarks, set)];
const folder = folders.find((each) => existsSync(path.join(each, 'instances.csv')));
if (folder === undefined) throw new Error(`there is no set ${set} in ${benchmarks}`);
const flags = [
  ['--out', values.out ?? `.build/vnncomp-${set}.csv`],
  ...(values.timeout === undefined ? [] : [['--timeout', values.timeout]]),
  ...(values.first === undefined ? [] : [['--first', values.first]]),
].flat();
const words = ['packages/glacis/bin/glacis.js', 'bench', folder, ...flags];
const { status } = spawnSync(process.execPath, words, { stdio: 'inherit' });
process.exitCode = status ?? 70;
