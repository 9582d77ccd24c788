/** Results of a benchmark: a line of CSV for each instance as it ends, which a later run reads again. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import type { Instance } from './instances.ts';

export interface Result {
  readonly networks: string;
  readonly query: string;
  readonly expected: string;
  /** sat, unsat, unknown, timeout or error. */
  readonly result: string;
  /** Of the whole process, start-up included. */
  readonly seconds: number;
  readonly method: string;
  readonly branches: number;
}

const columns = [
  'networks',
  'query',
  'expected',
  'result',
  'seconds',
  'method',
  'branches',
] as const;

export function earlierResults(file: string): readonly Result[] {
  if (!existsSync(file)) return [];
  const lines = parse(readFileSync(file), { columns: true, relax_column_count: true });
  return (lines as Record<string, string>[]).flatMap((line) => {
    const { networks = '', query = '', expected = '', result = '', method = '' } = line;
    const numbers = { seconds: Number(line['seconds']), branches: Number(line['branches']) };
    return result === '' ? [] : [{ networks, query, expected, result, method, ...numbers }];
  });
}

export function addResult(file: string, result: Result): void {
  if (!existsSync(file)) appendFileSync(file, `${columns.join(',')}\n`);
  const cells = columns.map((column) => `"${String(result[column]).replaceAll('"', '""')}"`);
  appendFileSync(file, `${cells.join(',')}\n`);
}

export function isOf(result: Result, { networks, query }: Instance): boolean {
  return result.networks === networks && result.query === query;
}

/** Whether a verdict contradicts what is known. */
export function isWrong({ result, expected }: Result): boolean {
  const decided = ['sat', 'unsat'];
  return decided.includes(result) && decided.includes(expected) && result !== expected;
}
