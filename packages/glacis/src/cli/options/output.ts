/** What is printed and written. */
import * as parse from '../values.ts';
import { every, type OptionSpec, on, row, runs } from './spec.ts';

export const outputOptions = {
  json: row(
    'Output',
    [...every, 'supports', 'bench', 'harden'],
    '--json',
    null,
    on,
    'one JSON document on stdout and nothing else',
  ),
  quiet: row(
    'Output',
    [...every, 'bench', 'harden'],
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
  trace: row(
    'Output',
    ['attack'],
    '--trace',
    'FILE.json',
    parse.text,
    'writes, for each input and attack, the margin it saw at every step (what counts as broken is 0 or less); attacks that see no margins have none',
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
    'writes the tensors of a satisfying assignment, NAME.pb each, into this folder instead of stdout',
  ),
  hardened: row(
    'Output',
    ['harden'],
    '--out',
    'NEW.onnx',
    parse.text,
    'the trained model, as the old file is but for its weights; NEW.history.json and the page NEW.html beside it say how it was made and what it bought, and NEW.checkpoint.npz holds an unfinished training: the same words go on from there',
  ),
  file: row('Output', ['inspect'], '--out', 'FILE', parse.text, 'where --emit writes'),
} satisfies Record<string, OptionSpec<unknown>>;
