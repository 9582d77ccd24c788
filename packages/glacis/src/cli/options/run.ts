/** How it is run. */
import { devices } from '../../runtime/device.ts';
import * as parse from '../values.ts';
import { type OptionSpec, every, row, runs } from './spec.ts';

export const runOptions = {
  seed: row(
    'Run',
    [...every, 'harden'],
    '--seed',
    'N',
    parse.whole(0),
    'the same seed and flags give the same result',
    '0',
  ),
  workers: row(
    'Run',
    [...runs, 'verify'],
    '--workers',
    'N',
    parse.whole(1),
    'processes of one thread each; of verify, those that share a search that takes longer than a second',
    '1 for short runs, else one per core',
  ),
  time: row(
    'Run',
    runs,
    '--time',
    'SECONDS',
    parse.seconds,
    'stops within a step of this time and keeps what was found; what is undecided gets the verdict timeout',
  ),
  timeout: row(
    'Run',
    ['verify', 'bench'],
    '--timeout',
    'SECONDS',
    parse.seconds,
    "from the start of the process; what is undecided by then is timed-out; for bench at most so much of an instance's own",
  ),
  memory: row(
    'Run',
    [...runs, 'verify'],
    '--memory',
    'SIZE',
    parse.bytes,
    'keeps the number of workers, or the open boxes of verify, within this much memory: 2G, 512M',
  ),
  device: row(
    'Run',
    every,
    '--device',
    'NAME',
    parse.oneOf(...devices),
    'cpu, wasm, or an accelerator for the search: cuda, webgpu',
    'cpu',
  ),
  resume: row(
    'Run',
    ['audit'],
    '--resume',
    'DIR',
    parse.text,
    'goes on with an interrupted run, with its own model, data and flags',
  ),
} satisfies Record<string, OptionSpec<unknown>>;
