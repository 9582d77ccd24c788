/**
 * instances.csv of a folder in VNN-COMP's layout: network, query and seconds on a line; for VNN-LIB 2.0 the
 * first cell is a list of ('name', 'file'). A header may name further columns, of which `expected` is read.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import { readUnpacked } from '../data/unpack.ts';
import { UsageError } from '../errors.ts';

export interface Instance {
  /** As instances.csv has them: what a line of results is known by. */
  readonly networks: string;
  readonly query: string;
  readonly seconds: number;
  /** `sat` or `unsat` where it is known. */
  readonly expected: string | null;
  /** What `glacis verify` is given: files, plain or packed. */
  readonly operands: readonly string[];
}

/** Throws UsageError for a file that is missing or has no such lines. */
export async function readInstances(folder: string): Promise<readonly Instance[]> {
  const file = path.join(folder, 'instances.csv');
  const { bytes } = await readUnpacked(present(file));
  const lines: string[][] = parse(Buffer.from(bytes), { trim: true, relax_column_count: true });
  const [head] = lines;
  const hasHeader = head !== undefined && !(Number(head[2]) > 0);
  const expectedAt = hasHeader ? head.indexOf('expected') : -1;
  return lines.slice(hasHeader ? 1 : 0).map((cells, i) => {
    const [networks = '', query = ''] = cells;
    const seconds = Number(cells[2]);
    if (networks === '' || query === '' || !(seconds > 0)) {
      throw new UsageError(
        `${file}: line ${i + (hasHeader ? 2 : 1)} is not a network, a query and a number of seconds.`,
      );
    }
    const named = [...networks.matchAll(/\('([^']+)',\s*'([^']+)'\)/g)];
    const at = (own: string): string => present(path.join(folder, own));
    const operands =
      named.length > 0
        ? [at(query), ...named.flatMap(([, name, own = '']) => ['--network', `${name}=${at(own)}`])]
        : [at(networks), at(query)];
    return { networks, query, seconds, expected: cells[expectedAt] ?? null, operands };
  });
}

/** The file, or the same packed; as it is named where there is neither. */
function present(file: string): string {
  return existsSync(file) || !existsSync(`${file}.gz`) ? file : `${file}.gz`;
}
