/** What a process must know to help with a query, as plain data that can be sent to it. */
import { QueryHelper, type Semantics } from '@glacis/core';
import { readQuery } from '../data/query.ts';
import { UsageError } from '../errors.ts';
import { type NetworkFile, openNetworks } from '../run/query-networks.ts';
import type { Device } from '../runtime/device.ts';
import { openRuntime } from '../runtime/node.ts';

export interface HelperSetup {
  readonly queryPath: string;
  readonly querySha256: string;
  readonly files: readonly NetworkFile[];
  readonly semantics?: Semantics;
  readonly device: Device;
}

/** Opens everything anew. Throws UsageError. */
export async function openHelper(setup: HelperSetup): Promise<QueryHelper> {
  const { queryPath, querySha256, files, semantics, device } = setup;
  const { query, sha256 } = await readQuery(queryPath);
  if (sha256 !== querySha256) {
    throw new UsageError(`${queryPath} was changed during the run; run it again.`);
  }
  const { runtime } = await openRuntime({ device });
  const networks = await openNetworks(queryPath, query, files, runtime);
  return new QueryHelper({ query, networks, ...(semantics === undefined ? {} : { semantics }) });
}
