/**
 * Every option of every command, once: the parser, the help texts and docs/cli.md are made from this
 * table. `value` is what the help calls the flag's value (null: the flag has none).
 */
import { methodNames } from './methods.ts';
import { boundNames, certificateNames, proofNames } from './proofs.ts';
import { devices } from '../runtime/device.ts';
import * as parse from './values.ts';

export type CommandName =
  'audit' | 'attack' | 'certify' | 'bounds' | 'verify' | 'bench' | 'inspect';

export const groups = ['Inputs', 'Threat', 'Method', 'Run', 'Output'] as const;

export interface OptionSpec<T> {
  readonly flag: string;
  readonly value: string | null;
  readonly default?: string;
  readonly meaning: string;
  readonly group: (typeof groups)[number];
  readonly commands: readonly CommandName[];
  readonly parse: parse.Parse<T>;
  /** The flag may be given more than once; each value is parsed to a list, and the lists are joined. */
  readonly repeated?: true;
}

const on: parse.Parse<true> = () => true;
const attacking = ['audit', 'attack'] as const;
const runs = [...attacking, 'certify'] as const;
const inputs = [...runs, 'bounds'] as const;
const all = [...inputs, 'inspect'] as const;
const every = [...all, 'verify'] as const;

function row<T>(
  group: OptionSpec<T>['group'],
  commands: readonly CommandName[],
  flag: string,
  value: string | null,
  read: parse.Parse<T>,
  meaning: string,
  standard?: string,
): OptionSpec<T> {
  const base = { flag, value, meaning, group, commands, parse: read };
  return standard === undefined ? base : { ...base, default: standard };
}

/** A flag that may be given more than once. */
function list<T>(...cells: Parameters<typeof row<T[]>>): OptionSpec<T[]> {
  return { ...row(...cells), repeated: true };
}

export const optionTable = {
  data: row(
    'Inputs',
    inputs,
    '--data',
    'PATH',
    parse.text,
    'inputs and labels: .npz, .npy, .csv, IDX (each also as .gz), or a folder of images in one folder per class',
  ),
  x: row('Inputs', inputs, '--x', 'KEY', parse.text, 'the array of inputs in a .npz file', 'x'),
  y: row(
    'Inputs',
    inputs,
    '--y',
    'KEY',
    parse.text,
    'the labels: an array of a .npz file, a column of a table, a second file for .npy and IDX, or none',
    'y; in a table the column label, labels, target, class or y, else the last',
  ),
  scale: row(
    'Inputs',
    inputs,
    '--scale',
    'S',
    parse.fraction,
    'multiplies every number of the data',
    '1/255 for uint8, else 1',
  ),
  mean: row(
    'Inputs',
    all,
    '--mean',
    'LIST',
    parse.fractions,
    'makes (x − mean) / std part of the model, so that ε keeps the units of the data; one number, or one per channel',
  ),
  std: row('Inputs', all, '--std', 'LIST', parse.fractions, 'goes with --mean'),
  preprocess: row(
    'Inputs',
    all,
    '--preprocess',
    'FILE',
    parse.text,
    'an ONNX file that becomes part of the model, in front of its input: ε is then in units of what goes into that file',
  ),
  set: list(
    'Inputs',
    all,
    '--set',
    'NAME=FILE',
    parse.setting,
    'fixes an input of a model with several: .npy or .npz with one row for all inputs of the data, or a row for each; may be repeated',
  ),
  output: row(
    'Inputs',
    all,
    '--output',
    'NAME',
    parse.text,
    'which output of a model with several holds the scores',
    'the first with one row of scores for each input',
  ),
  size: list(
    'Inputs',
    all,
    '--size',
    'AXIS=N',
    parse.sizing,
    'gives a size to an axis that the model leaves open; may be repeated',
    "the data's; for inspect 8, or 32 for images",
  ),
  first: row(
    'Inputs',
    [...runs, 'bench'],
    '--first',
    'N',
    parse.whole(1),
    'only the first N inputs, or instances',
  ),
  sample: row(
    'Inputs',
    runs,
    '--sample',
    'N',
    parse.whole(1),
    'only N inputs, chosen at random by the seed',
  ),
  index: row('Inputs', inputs, '--index', 'LIST', parse.text, 'only these inputs: 0,3,7-12'),
  example: row(
    'Inputs',
    runs,
    '--example',
    'NAME',
    parse.oneOf('digits'),
    'the embedded example instead of MODEL and --data: digits',
  ),
  network: list(
    'Inputs',
    ['verify'],
    '--network',
    '[NAME=]FILE',
    parse.network,
    'the model of a network that the query declares; may be repeated, and the name left out where there is one',
  ),
  norm: row(
    'Threat',
    all,
    '--norm',
    'NORM',
    parse.oneOf('linf', 'l2', 'l1', 'l0'),
    'how perturbations are measured: linf, l2, l1, or l0 (ε is then the number of features that may change)',
    'linf',
  ),
  eps: row(
    'Threat',
    inputs,
    '--eps',
    'E',
    parse.radii,
    'the radius, in units of the data: 0.1 or 8/255; with a list, verdicts are for the largest and the curve is for all',
  ),
  clip: row(
    'Threat',
    inputs,
    '--clip',
    'LO,HI',
    parse.clip,
    'the range of valid values, or none',
    '0,1 for images and uint8, else none',
  ),
  weights: row(
    'Threat',
    runs,
    '--weights',
    'std|FILE',
    parse.text,
    "how far each feature moves per unit of radius: its standard deviation over the data file, or a file's numbers",
  ),
  freeze: row(
    'Threat',
    runs,
    '--freeze',
    'COLUMNS',
    parse.text,
    'features that cannot change: names or positions, 0,3,7-12',
  ),
  eightBit: row(
    'Threat',
    runs,
    '--eight-bit',
    null,
    on,
    'adversarial inputs are pictures that eight bits can store: multiples of 1/255 of the valid range, inside the ball',
  ),
  method: row(
    'Method',
    ['attack'],
    '--method',
    'M',
    parse.methods,
    `one or more of ${methodNames.join(', ')}, in this order; or replay`,
    'standard',
  ),
  criterion: row(
    'Method',
    runs,
    '--criterion',
    'KIND',
    parse.oneOf('misclassified', 'target', 'confidence', 'error'),
    'what counts as broken: misclassified, target (the answer is --target), confidence (the probability of the label is --below or less) or error (of a regression, --above or more)',
    'misclassified',
  ),
  target: row(
    'Method',
    runs,
    '--target',
    'K',
    parse.whole(0),
    'the class that an attacker wants: an input is broken where the model answers K; inputs of class K are left out',
  ),
  below: row(
    'Method',
    runs,
    '--below',
    'P',
    parse.probability,
    'an input is broken where the probability of its label is P or less; nothing is proven about that',
  ),
  above: row(
    'Method',
    runs,
    '--above',
    'T',
    parse.positive,
    "an input is broken where the model's number is off its label by T or more, for models that give one number",
  ),
  surrogate: row(
    'Method',
    attacking,
    '--surrogate',
    'FILE',
    parse.text,
    'another ONNX model of the same inputs and classes, read with the same --mean, --std and --preprocess: its gradients are tried on the model, whose own may be hidden',
  ),
  examples: row(
    'Method',
    ['attack'],
    '--examples',
    'FILE',
    parse.text,
    "with --method replay: anybody's adversarial examples, .npz with x_adv (or x, arr_0) and, if not in order, index",
  ),
  lipschitz: row(
    'Method',
    ['inspect'],
    '--lipschitz',
    null,
    on,
    'how much outputs change, at most, per change of the input, in linf, l2 and l1: over all inputs, from norms of the layers',
  ),
  check: row(
    'Method',
    ['inspect'],
    '--check',
    null,
    on,
    'compares outputs with the original file, many rows with single ones, and gradients with central differences',
  ),
  emit: row(
    'Method',
    ['inspect'],
    '--emit',
    'KIND',
    parse.oneOf('gradient', 'interval', 'bounds'),
    'writes a derived graph as an ONNX file to --out: gradient (of the margin), interval (ends of every output over a box) or bounds (the least margin over balls of --norm)',
  ),
  class: row(
    'Method',
    ['inspect'],
    '--class',
    'K',
    parse.whole(0),
    "with --emit gradient: the gradient of this class's score instead of the margin's",
  ),
  certificate: row(
    'Method',
    ['certify'],
    '--method',
    'M',
    parse.oneOf(...certificateNames),
    `one of ${proofNames.join(', ')}, each at least as tight as the one before; lipschitz (from bounds on gradients); exact (small ReLU networks in linf and l1: the margin itself, between a proof and an input that breaks the model); or smoothing (about the model smoothed by noise, in l2)`,
    'crown',
  ),
  sigma: row(
    'Method',
    ['certify'],
    '--sigma',
    'S',
    parse.fraction,
    'with --method smoothing: the standard deviation of the noise, in units of the data',
    '0.25',
  ),
  n0: row(
    'Method',
    ['certify'],
    '--n0',
    'N',
    parse.whole(1),
    'with --method smoothing: samples that select the class',
    '100',
  ),
  n: row(
    'Method',
    ['certify'],
    '--n',
    'N',
    parse.whole(1),
    'with --method smoothing: other samples, that bound its probability',
    '10000',
  ),
  alpha: row(
    'Method',
    ['certify'],
    '--alpha',
    'P',
    parse.fraction,
    'with --method smoothing: how often, at most, what is said about one input may be wrong',
    '0.001',
  ),
  bound: row(
    'Method',
    ['bounds'],
    '--method',
    'M',
    parse.oneOf(...boundNames),
    `one of ${boundNames.join(', ')}`,
    'crown',
  ),
  radius: row(
    'Method',
    ['certify'],
    '--radius',
    null,
    on,
    'finds the largest radius that is proven for each input, to 1e-4 of it',
  ),
  layers: row(
    'Method',
    ['bounds'],
    '--layers',
    null,
    on,
    'also the bounds of every value that an activation bends next',
  ),
  margin: row(
    'Method',
    ['bounds'],
    '--margin',
    'on|off',
    parse.oneOf('on', 'off'),
    'off leaves rounding out, to compare with tools that do: what comes out is no proof',
    'on',
  ),
  semantics: row(
    'Method',
    ['audit', 'certify', 'bounds', 'verify', 'inspect'],
    '--semantics',
    'KIND',
    parse.oneOf('float32', 'real'),
    'what proofs are about: float32 (any evaluation order of the file) or real (the network over the reals)',
    "float32; for verify, and bounds over a property, what the query's types say",
  ),
  straightThrough: row(
    'Method',
    [...attacking, 'inspect'],
    '--straight-through',
    null,
    on,
    'lets gradients pass rounding steps (quantised models) as if they were not there; proofs stay as they are',
  ),
  eot: row(
    'Method',
    runs,
    '--eot',
    'K',
    parse.whole(1),
    'of a randomised model attacks see the mean of K seeded passes in each step (expectation over transformation)',
    '1',
  ),
  seed: row(
    'Run',
    every,
    '--seed',
    'N',
    parse.whole(0),
    'the same seed and flags give the same result',
    '0',
  ),
  workers: row(
    'Run',
    runs,
    '--workers',
    'N',
    parse.whole(1),
    'processes of one thread each',
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
  json: row(
    'Output',
    [...every, 'bench'],
    '--json',
    null,
    on,
    'one JSON document on stdout and nothing else',
  ),
  quiet: row(
    'Output',
    [...every, 'bench'],
    '--quiet',
    null,
    on,
    'no notes and no progress on stderr',
  ),
  out: row(
    'Output',
    runs,
    '--out',
    'DIR',
    parse.text,
    'the run folder: run.json, adversarial.npz, report.html; for attack also FILE.npz, the adversarial inputs alone',
    'glacis-digits with --example',
  ),
  result: row(
    'Output',
    ['verify'],
    '--out',
    'FILE',
    parse.text,
    'a result file as the competition of VNN-LIB 1.0 asks for',
  ),
  table: row(
    'Output',
    ['bench'],
    '--out',
    'FILE.csv',
    parse.text,
    'a line for each instance as it ends; what the file holds already is not run again',
  ),
  assignments: row(
    'Output',
    ['verify'],
    '--serialise-assignments',
    'DIR',
    parse.text,
    'writes the tensors of a satisfying assignment, NAME.pb each, into this folder',
  ),
  file: row('Output', ['inspect'], '--out', 'FILE', parse.text, 'where --emit writes'),
} satisfies Record<string, OptionSpec<unknown>>;

export type OptionName = keyof typeof optionTable;

/** What a command line says, parsed: only what was given. */
export type OptionValues = {
  readonly [K in OptionName]?: ReturnType<(typeof optionTable)[K]['parse']>;
};

export const optionNames = Object.keys(optionTable) as OptionName[];

export function optionsOf(command: CommandName): OptionName[] {
  return optionNames.filter((name) => optionTable[name].commands.some((own) => own === command));
}
